"""Which records wait behind a dead letter of the same key: the order of a job is kept also where one of its records fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from queuebit_runtime.bus.dead_letters import headers as h
from queuebit_runtime.bus.dead_letters.letter import Origin, header_of, origin_of
from queuebit_runtime.bus.dead_letters.open_letters import OpenLetters, Waiting, copies_in, keeps_order, waiting_of
from queuebit_runtime.bus.port import Outgoing, Record

Sequence = tuple[str, bytes]
"""A topic and a key."""
StillOpen = Callable[[Origin], bool]
"""Whether the record of that place is delivered here and not done."""
_READ = frozenset({*h.PLACE, h.FIRST_OFFSET, h.REDRIVE, h.MARK, h.PART})


class Sequences:
    """The keys of one group that have open dead letters: those that its topic tells, and those that are about to be written."""

    def __init__(self) -> None:
        self.heard = OpenLetters()
        self._early: list[Record] | None = []
        """What was heard before it is known from where on the topic tells all."""
        self._early_from: int | None = None
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
        if self._early_from is None:
            self._early_from = record.offset
        if _matters(record):
            self._early.append(_bare(record))

    def settle_start(self, *, cut: bool, since_day: int) -> bool:
        """All is heard that was there at the start, or with `cut` the last of it. Whether that is enough: else all is to be
        heard, from the beginning. Letters of days before `since_day` are gone.
        """
        early, self._early = self._early or [], None
        if cut:
            at = self._from_copy(early, since_day)
            if at is None:
                return False
            early = [each for each in early if each.offset >= at]
        for record in early:
            self.hear(record)
        return True

    def _from_copy(self, early: list[Record], since_day: int) -> int | None:
        for at, copy in copies_in(early):
            if self._early_from is not None and at >= self._early_from:
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


def _matters(record: Record) -> bool:
    """Whether it is more than the letter of a question, behind which nothing waits."""
    origin = origin_of({name: value or b"" for name, value in record.headers})
    return keeps_order(origin.topic) if origin is not None else any(name == h.MARK for name, _ in record.headers)


def _bare(record: Record) -> Record:
    """Without what nobody here reads."""
    headers = tuple(each for each in record.headers if each[0] in _READ)
    names = {name for name, _ in headers}
    return record._replace(headers=headers, value=record.value if h.MARK in names and h.TOPIC not in names else None)
