"""The dead letters of groups, as their topics hold them now."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace

from queuebit_contracts.channels import CHANNELS, DEAD_LETTER_PREFIX, dead_letter, is_dead_letter
from queuebit_operations.dead_letters.box import Fates, Kept, box_of
from queuebit_operations.errors import BadArgument, NotThere
from queuebit_operations.records.port import Place, Records, Span
from queuebit_runtime.bus.dead_letters.headers import CHECKPOINT, MARK
from queuebit_runtime.bus.dead_letters.letter import letter_of
from queuebit_runtime.bus.port import Record


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
    """Reads topics of dead letters: one letter after the other, or whole; and what comes behind."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def read(self, group: str, *, after: int = -1) -> list[Record]:
        """The records of its topic whose offset is larger, as far as it goes now: letters without what they hold, so that this
        takes no more memory where they hold much. Raises NotThere, BusError.
        """
        place, span = await self._span(group)
        begin = max(span.begin, after + 1)
        if begin >= span.end:
            return []
        found: list[Record] = []
        async for some in self._records.read({place: Span(begin, span.end)}):
            found += map(_bare, some)
        return found

    async def whole(self, kept: Kept) -> Kept:
        """The letter with what it holds. Raises NotThere where retention has taken it, BusError."""
        place, at = Place(dead_letter(kept.letter.group), 0), kept.letter.offset
        async for some in self._records.read({place: Span(at, at + 1)}):
            for record in some:
                letter = letter_of(record)
                if letter is not None and record.offset == at:
                    return replace(kept, letter=letter)
        raise NotThere(
            f"The dead letter {kept.id} is gone.", remedy="`queuebit ops dlq list --all` names those that are left."
        )

    async def kept(self, group: str) -> AsyncIterator[Kept]:
        """Its letters in the order in which they came, none held longer than it is looked at: the topic is read twice,
        first for what became of each. Raises NotThere, BusError.
        """
        place, span = await self._span(group)
        fates = Fates()
        async for some in self._records.read({place: span}):
            for record in some:
                fates.hear(record)
        async for some in self._records.read({place: span}):
            for record in some:
                if (letter := fates.kept(record)) is not None:
                    yield letter

    async def _span(self, group: str) -> tuple[Place, Span]:
        topic = dead_letter(group)
        place = Place(topic, 0)
        span = (await self._records.spans([topic])).get(place)
        if span is None:
            raise NotThere(f"Kafka has no topic {topic}.", remedy="Make it: `python -m queuebit_runtime topics`.")
        return place, span

    async def boxes(self, groups: Iterable[str]) -> dict[str, list[Kept]]:
        """The letters of each group, without what they hold. Raises NotThere, BusError."""
        return {group: box_of(await self.read(group)) for group in groups}

    async def one(self, name: str) -> tuple[Kept, list[Kept]]:
        """A letter by its id, whole, and all of its group without what they hold. Raises BadArgument, NotThere, BusError."""
        group, offset = place_named(name)
        box = box_of(await self.read(group))
        for each in box:
            if each.letter.offset == offset:
                return await self.whole(each), box
        raise NotThere(f"There is no dead letter {name}.", remedy="`queuebit ops dlq list --all` names them.")


def _bare(record: Record) -> Record:
    """Without what it holds, but for a mark: that says what became of a letter, and is small."""
    mark = dict(record.headers).get(MARK)
    return record._replace(value=None) if mark in (None, CHECKPOINT) else record
