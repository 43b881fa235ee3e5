"""The dead letters of groups, as their topics hold them now."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from queuebit_contracts.channels import CHANNELS, DEAD_LETTER_PREFIX, dead_letter, is_dead_letter
from queuebit_operations.dead_letters.box import OPEN_ONES, Kept, Wanted
from queuebit_operations.dead_letters.shelf import Shelf
from queuebit_operations.errors import BadArgument, NotThere
from queuebit_operations.records.port import Place, Records, Span
from queuebit_runtime.bus.dead_letters.headers import CHECKPOINT, MARK
from queuebit_runtime.bus.dead_letters.letter import Letter, letter_of
from queuebit_runtime.bus.port import Record

APART_MAX = 64
"""Letters that lie no further apart are read together."""


def groups_with_letters() -> tuple[str, ...]:
    """Every consumer group that sets records aside."""
    return tuple(
        each.topic.removeprefix(DEAD_LETTER_PREFIX) for each in CHANNELS if is_dead_letter(each.topic) and each.readers
    )


def checked_groups(named: Iterable[str]) -> tuple[str, ...]:
    """The groups that were named, or all. Raises NotThere."""
    known = groups_with_letters()
    wanted = tuple(dict.fromkeys(named)) or known
    for group in wanted:
        if group not in known:
            raise NotThere(f"No group {group} has dead letters.", remedy=f"There are: {', '.join(known)}.")
    return wanted


def groups_of(named: Iterable[str], ids: Iterable[str]) -> tuple[str, ...]:
    """The groups that were named, or those of the letters that were; else all. Raises BadArgument, NotThere."""
    return checked_groups([*named] or [place_named(each)[0] for each in ids])


def place_named(name: str) -> tuple[str, int]:
    """The group and the offset of a letter's id, as control-plane:17. Raises BadArgument, NotThere."""
    group, _, offset = name.rpartition(":")
    if not offset.isdecimal():
        raise BadArgument(f"{name!r} is no id of a dead letter.", remedy="One reads GROUP:OFFSET, as control-plane:17.")
    checked_groups([group])
    return group, int(offset)


class LetterReader:
    """Reads topics of dead letters: one letter after the other, and what comes behind."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def read(self, group: str, *, after: int = -1) -> AsyncIterator[list[Record]]:
        """The records of its topic whose offset is larger, as far as it goes now: letters without what they hold. Raises
        NotThere, BusError.
        """
        place, span = await self._span(group)
        async for some in self._between(place, Span(max(span.begin, after + 1), span.end)):
            yield list(map(_bare, some))

    async def shelf(self, group: str, wanted: Wanted = OPEN_ONES) -> Shelf:
        """What its topic tells of all its letters now. Raises NotThere, BusError."""
        shelf = Shelf(wanted)
        async for some in self._between(*await self._span(group)):
            shelf.hear(some)
        return shelf

    async def kept(self, group: str) -> AsyncIterator[Kept]:
        """Its letters in the order in which they came, none held longer than it is looked at: the topic is read twice,
        first for what became of each. Raises NotThere, BusError.
        """
        known = await self.shelf(group)
        place, span = await self._span(group)
        async for some in self._between(place, Span(span.begin, known.end + 1)):
            for record in some:
                if (letter := known.kept(record)) is not None:
                    yield letter

    async def whole(self, group: str, offsets: Collection[int]) -> dict[int, Letter]:
        """Letters with what they hold, without those that retention has taken. What lies close together is read together.
        Raises BusError.
        """
        found: dict[int, Letter] = {}
        for span in _spans(sorted(offsets)):
            async for some in self._between(_place_of(group), span):
                alike = (letter_of(record) for record in some if record.offset in offsets)
                found |= {letter.offset: letter for letter in alike if letter is not None}
        return found

    async def one(self, name: str) -> tuple[Kept, list[Kept]]:
        """A letter by its id, whole, and those of its key, itself among them, without what they hold. Raises BadArgument,
        NotThere, BusError.
        """
        group, offset = place_named(name)
        shelf = await self.shelf(group)
        of_its_key = dict.fromkeys(shelf.same_key(offset))
        found: dict[int, Kept] = {}
        if of_its_key:
            async for some in self._between(_place_of(group), Span(min(of_its_key), max(of_its_key) + 1)):
                alike = (_bare(each) for each in some if each.offset in of_its_key)
                found |= {each.offset: kept for each in alike if (kept := shelf.kept(each)) is not None}
        if offset not in found:
            raise NotThere(f"There is no dead letter {name}.", remedy="`queuebit ops dlq list --all` names them.")
        whole = await self.whole(group, {offset})
        if offset not in whole:
            raise NotThere(
                f"The dead letter {name} is gone.", remedy="`queuebit ops dlq list --all` names those that are left."
            )
        return replace(found[offset], letter=whole[offset]), list(found.values())

    async def _between(self, place: Place, span: Span) -> AsyncIterator[Sequence[Record]]:
        if span.begin < span.end:
            async for some in self._records.read({place: span}):
                yield some

    async def _span(self, group: str) -> tuple[Place, Span]:
        place = _place_of(group)
        span = (await self._records.spans([place.topic])).get(place)
        if span is None:
            raise NotThere(f"Kafka has no topic {place.topic}.", remedy="Make it: `python -m queuebit_runtime topics`.")
        return place, span


def _spans(offsets: Sequence[int]) -> Iterator[Span]:
    """The stretches in which they lie."""
    begin = 0
    for at, offset in enumerate(offsets):
        if at + 1 == len(offsets) or offsets[at + 1] - offset > APART_MAX:
            yield Span(offsets[begin], offset + 1)
            begin = at + 1


def _place_of(group: str) -> Place:
    return Place(dead_letter(group), 0)


def _bare(record: Record) -> Record:
    """Without what it holds, but for a mark: that says what became of a letter, and is small."""
    mark = dict(record.headers).get(MARK)
    return record._replace(value=None) if mark in (None, CHECKPOINT) else record
