"""Which records wait behind a dead letter of the same key: the order of a job is kept also where one of its records fails."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import NamedTuple

from queuebit_contracts.channels import BY_TOPIC
from queuebit_contracts.events import JobSubmitted
from queuebit_runtime.bus.dead_letters import headers as h
from queuebit_runtime.bus.dead_letters.letter import Origin, header_of, number_in, origin_of
from queuebit_runtime.bus.dead_letters.marks import mark_of
from queuebit_runtime.bus.port import Outgoing, Record

SENT_AGAIN_MAX = 10_000
"""Of so many keys it is remembered where their records were sent again to."""

Sequence = tuple[str, bytes]
"""A topic and a key."""
StillOpen = Callable[[Origin], bool]
"""Whether the record of that place is delivered here and not done."""


def keeps_order(topic: str) -> bool:
    """Whether records of one key follow one another: not where each asks a question of its own."""
    channel = BY_TOPIC.get(topic)
    return channel is not None and JobSubmitted not in channel.messages


class Waiting(NamedTuple):
    """An open letter: the redrive that it failed again in, and where its record lay when it failed first."""

    redrive: str | None
    first_offset: int


class Sequences:
    """The keys of one group that have open dead letters, as its topic of dead letters tells it."""

    def __init__(self) -> None:
        self.accepted: set[str] = set()
        """The fingerprints of failures that are no outage, however many there are: somebody has looked."""
        self._open: dict[Sequence, dict[Origin, Waiting]] = {}
        self._tried_again: dict[Origin, StillOpen] = {}
        """Those whose letter is not there yet, and who says how long that counts."""
        self._sent_again_to: OrderedDict[Sequence, int] = OrderedDict()

    @property
    def some(self) -> bool:
        """Whether any key has to be looked at."""
        return bool(self._open or self._sent_again_to)

    def hear(self, record: Record) -> None:
        """A record of the topic of dead letters."""
        mark = mark_of(record)
        if mark is None:
            said = {name: value or b"" for name, value in record.headers}
            if h.MARK not in said and (origin := origin_of(said)) is not None:
                self.fail(origin, record)
            return
        if mark.became == "accepted" and mark.fingerprint is not None:
            self.accepted.add(mark.fingerprint)
        if not mark.settles or mark.origin is None:
            return
        self._settle(mark.origin, mark.key)
        sequence = (mark.origin.topic, mark.key)
        if mark.sent_at_offset is not None:
            self._sent_again_to[sequence] = max(mark.sent_at_offset, self._sent_again_to.pop(sequence, 0))
            while len(self._sent_again_to) > SENT_AGAIN_MAX:
                self._sent_again_to.popitem(last=False)

    def fail(self, origin: Origin, record: Record) -> None:
        """A record that lay at `origin` is a dead letter now, or about to be. `record`: itself or its letter."""
        self._tried_again.pop(origin, None)
        if keeps_order(origin.topic):
            waiting = Waiting(header_of(record, h.REDRIVE), _first_offset(record, origin))
            self._open.setdefault((origin.topic, record.key or b""), {})[origin] = waiting

    def not_there(self, letter: Outgoing, still_open: StillOpen | None) -> None:
        """This one did not come to be. Its record comes again, and others wait behind it as long as it is `still_open`."""
        origin = origin_of(dict(letter.headers))
        if origin is None:
            return
        if still_open is None:
            self._settle(origin, letter.key)
        elif keeps_order(origin.topic):
            self._tried_again[origin] = still_open

    def _settle(self, origin: Origin, key: bytes) -> None:
        self._tried_again.pop(origin, None)
        letters = self._open.get((origin.topic, key), {})
        letters.pop(origin, None)
        if not letters:
            self._open.pop((origin.topic, key), None)

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
        if redrive is None and record.offset < self._sent_again_to.get(sequence, 0):
            return Origin(record.topic, record.partition, self._sent_again_to[sequence])
        return None

    def _still_open(self, sequence: Sequence) -> Mapping[Origin, Waiting]:
        for each in list(self._open.get(sequence, ())):
            still_open = self._tried_again.get(each)
            if still_open is not None and not still_open(each):
                self._settle(each, sequence[1])
        return self._open.get(sequence, {})


def _first_offset(record: Record, origin: Origin) -> int:
    first = number_in({name: value or b"" for name, value in record.headers}, h.FIRST_OFFSET)
    return origin.offset if first is None else first
