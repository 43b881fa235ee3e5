"""What a start hears of a topic of dead letters before it is known from where on that tells all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from queuebit_runtime.bus.dead_letters import headers as h
from queuebit_runtime.bus.dead_letters.letter import origin_of
from queuebit_runtime.bus.dead_letters.open_letters import copies_in, keeps_order, part_of
from queuebit_runtime.bus.port import Record

_READ = frozenset({*h.PLACE, h.FIRST_OFFSET, h.REDRIVE, h.MARK, h.PART})
COPIES_MAX = 3
"""So many copies are held at once: each may be as large as what is open."""


class Early:
    """Records in their order, without what nobody reads at a start: they lie close together, and end where the topic does."""

    def __init__(self) -> None:
        self._from: int | None = None
        self._records: list[Record] = []
        self._parts: dict[str, list[Record]] = {}
        """Of the newest copies, by the copy that they are of."""

    def hear(self, record: Record) -> None:
        """The next record of the topic."""
        if self._from is None:
            self._from = record.offset
        part = part_of(record)
        if part is None:
            if _matters(record):
                self._records.append(_bare(record))
            return
        self._parts.setdefault(part.id, []).append(_bare(record))
        if len(self._parts) > COPIES_MAX:
            del self._parts[next(iter(self._parts))]

    def copies(self) -> Iterator[tuple[int, bytes]]:
        """The whole copies among them behind which nothing is left out: up to where each tells, and what; the newest first."""
        parts = [record for each in self._parts.values() for record in each]
        return ((at, copy) for at, copy in copies_in(parts) if self._from is not None and at >= self._from)

    def since(self, at: int) -> Sequence[Record]:
        """Letters and marks from an offset on."""
        return [each for each in self._records if each.offset >= at]


def _matters(record: Record) -> bool:
    """Whether it is more than the letter of a question, behind which nothing waits."""
    origin = origin_of({name: value or b"" for name, value in record.headers})
    return keeps_order(origin.topic) if origin is not None else any(name == h.MARK for name, _ in record.headers)


def _bare(record: Record) -> Record:
    """Without what nobody here reads."""
    headers = tuple(each for each in record.headers if each[0] in _READ)
    names = {name for name, _ in headers}
    return record._replace(headers=headers, value=record.value if h.MARK in names and h.TOPIC not in names else None)
