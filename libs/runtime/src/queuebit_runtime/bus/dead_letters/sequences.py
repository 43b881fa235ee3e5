"""Which records wait behind a dead letter of the same key: the order of a job is kept also where one of its records fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from queuebit_runtime.bus.dead_letters import headers as h
from queuebit_runtime.bus.dead_letters.early import Early
from queuebit_runtime.bus.dead_letters.letter import Origin, header_of, origin_of
from queuebit_runtime.bus.dead_letters.open_letters import OpenLetters, Waiting, keeps_order, waiting_of
from queuebit_runtime.bus.port import Outgoing, Record

Sequence = tuple[str, bytes]
"""A topic and a key."""
StillOpen = Callable[[Origin], bool]
"""Whether the record of that place is delivered here and not done."""


class Sequences:
    """The keys of one group that have open dead letters: those that its topic tells, and those that are about to be written."""

    def __init__(self) -> None:
        self.heard = OpenLetters()
        self._early: Early | None = Early()
        """None once it is known from where on the topic tells all."""
        self._local: dict[Sequence, dict[Origin, Waiting]] = {}
        self._tried_again: dict[Origin, StillOpen] = {}
        """Those whose letter is not there yet, and who says how long that counts."""

    @property
    def some(self) -> bool:
        """Whether any key has to be looked at."""
        return bool(self._local or self.heard.some)

    def hear(self, record: Record) -> None:
        """A record of the topic of dead letters."""
        if self._early is None:
            origin = self.heard.hear(record)
            if origin is not None:
                self._forget(origin, record.key or b"")
            return
        self._early.hear(record)

    def settle_start(self, *, cut: bool, all_next: bool, since_day: int) -> bool:
        """All is heard that was there at the start, or with `cut` the last of it. Whether that is enough: else more is to be
        heard anew, and `all_next` says that it will be all, from the beginning. Letters of days before `since_day` are gone.
        """
        if self._early is None:
            return True
        at = self._from_copy(self._early, since_day) if cut else 0
        early = () if at is None else self._early.since(at)
        self._early = Early() if at is None and not all_next else None
        for record in early:
            self.hear(record)
        return at is not None

    def _from_copy(self, early: Early, since_day: int) -> int | None:
        for at, copy in early.copies():
            try:
                self.heard.take(copy, at, since_day=since_day)
            except ValueError:
                continue
            return at
        return None

    def fail(self, origin: Origin, record: Record) -> None:
        """The record that lies at `origin` is about to be a dead letter."""
        self._tried_again.pop(origin, None)
        if keeps_order(origin.topic):
            self._local.setdefault((origin.topic, record.key or b""), {})[origin] = waiting_of(record, origin)

    def not_there(self, letter: Outgoing, still_open: StillOpen | None) -> None:
        """This one did not come to be. Its record comes again, and others wait behind it as long as it is `still_open`."""
        origin = origin_of(dict(letter.headers))
        if origin is None:
            return
        if still_open is None:
            self._forget(origin, letter.key)
        elif keeps_order(origin.topic):
            self._tried_again[origin] = still_open

    def _forget(self, origin: Origin, key: bytes) -> None:
        """The topic tells of it, or it came to nothing."""
        self._tried_again.pop(origin, None)
        letters = self._local.get((origin.topic, key), {})
        letters.pop(origin, None)
        if not letters:
            self._local.pop((origin.topic, key), None)

    def waits_behind(self, record: Record) -> Origin | None:
        """The dead letter that the record has to wait for.

        One that is sent again goes first, unless what was sent again before it failed again. Others wait until everything of
        their key that was sent again has passed.
        """
        if not self.some:
            return None
        sequence = (record.topic, record.key or b"")
        origin = Origin(record.topic, record.partition, record.offset)
        redrive = header_of(record, h.REDRIVE)
        letters = self._still_open(sequence)
        # It may have failed before, and its own letter be there already: then only those before it count.
        before = letters[origin].first_offset if origin in letters else None
        for each, waiting in letters.items():
            if each == origin or (before is not None and waiting.first_offset >= before):
                continue
            if redrive is None or waiting.redrive == redrive:
                return each
        sent_again_to = self.heard.sent_again_to(*sequence) if redrive is None else 0
        return Origin(record.topic, record.partition, sent_again_to) if record.offset < sent_again_to else None

    def _still_open(self, sequence: Sequence) -> Mapping[Origin, Waiting]:
        for each in list(self._local.get(sequence, ())):
            still_open = self._tried_again.get(each)
            if still_open is not None and not still_open(each):
                self._forget(each, sequence[1])
        return {**self.heard.of(*sequence), **self._local.get(sequence, {})}
