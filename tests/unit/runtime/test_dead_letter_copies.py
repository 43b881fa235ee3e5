"""The topic of dead letters holds copies of what is open, so that a start reads little of it, however many there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from pydantic_core import from_json

from queuebit_contracts.channels import DAY_MS, EXECUTIONS, SUBMITTED, dead_letter
from queuebit_operations.dead_letters.shelf import box_of
from queuebit_runtime.bus.dead_letters import burial
from queuebit_runtime.bus.dead_letters import headers as h
from queuebit_runtime.bus.dead_letters.letter import Origin, dead_letter_of
from queuebit_runtime.bus.dead_letters.marks import Mark, mark_record
from queuebit_runtime.bus.dead_letters.open_letters import OpenLetters, Waiting, copies_in, parts_of
from queuebit_runtime.bus.dead_letters.sequences import Sequences
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_runtime.bus.port import BusError, Outgoing, Record
from tests.fakes.moved_clock import START
from tests.unit.runtime.one_group import BAD, GROUP, OneGroup, bad, raised, started

LETTERS = 60
EVERY, LAST, FURTHER = 10, 40, 55
BYTES_A_LETTER_MAX = 48
TODAY = int(START.timestamp() * 1000) // DAY_MS


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(burial, "KEPT_EVERY", EVERY)
    monkeypatch.setattr(burial, "READ_LAST", (LAST, FURTHER))


async def a_group_with_letters(count: int = LETTERS) -> OneGroup:
    group = OneGroup()
    await group.bus.start()
    await group.clock.advance(1.0)
    for job in range(count):
        await group.give(bad(job))
        await group.clock.advance(61.0)
    return group


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The offsets that are heard."""
    offsets: list[int] = []
    hear = Sequences.hear

    def noted(self: Sequences, record: Record) -> None:
        offsets.append(record.offset)
        hear(self, record)

    with monkeypatch.context() as patch:
        patch.setattr(Sequences, "hear", noted)
        yield offsets


def copies(group: OneGroup) -> list[Record]:
    records = group.broker.records(dead_letter(GROUP))
    return [each for each in records if dict(each.headers).get(h.MARK) == h.CHECKPOINT]


async def test_a_start_reads_the_last_records_and_knows_the_first_letter_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    group = await a_group_with_letters()
    assert len(copies(group)) >= LETTERS // EVERY - 1
    end = len(group.broker.records(dead_letter(GROUP)))
    await group.bus.stop()
    with counted(monkeypatch) as heard:
        await group.member().start()
        await group.clock.advance(1.0)
    assert (min(heard), len(set(heard))) == (end - LAST, LAST)

    await group.give(started(0, 10), started(LETTERS - 1, 11), started(1000, 12))

    assert group.seen == [12]
    assert [each.behind for each in group.letters[-2:]] == [
        "jobs.executions/0@0", f"jobs.executions/0@{LETTERS - 1}",
    ]  # fmt: skip


async def test_what_was_settled_waits_no_longer_after_a_start_either() -> None:
    group = await a_group_with_letters(3)
    await group.settle(group.letters[0], "dropped")
    for job in range(10, 10 + LETTERS):
        await group.give(bad(job))
        await group.clock.advance(61.0)
    await group.settle(group.letters[-1], "redriven", 99)
    await group.bus.stop()
    await group.member().start()

    await group.give(started(0, 10), started(1, 11), started(9 + LETTERS, 12))

    assert group.seen == [10]
    assert group.letters[-1].behind == "jobs.executions/0@99"


async def test_without_a_copy_all_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(burial, "KEPT_EVERY", 1000)
    group = await a_group_with_letters()
    assert copies(group) == []
    await group.bus.stop()
    with counted(monkeypatch) as heard:
        await group.member().start()
        await group.clock.advance(1.0)
    assert set(heard) == set(range(LETTERS))

    await group.give(started(0, 10), started(1000, 12))

    assert group.seen == [12]


async def test_where_the_last_records_hold_no_copy_more_of_them_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    group = await a_group_with_letters()
    monkeypatch.setattr(burial, "KEPT_EVERY", 1000)
    for job in range(LETTERS, 2 * LETTERS - 15):
        await group.give(bad(job))
        await group.clock.advance(61.0)
    end = len(group.broker.records(dead_letter(GROUP)))
    assert copies(group)[-1].offset < end - LAST
    await group.bus.stop()
    with counted(monkeypatch) as heard:
        await group.member().start()
        await group.clock.advance(1.0)
    assert (min(heard), len(set(heard))) == (end - FURTHER, FURTHER)

    await group.give(started(0, 10), started(2 * LETTERS - 16, 11), started(1000, 12))

    assert group.seen == [12]


async def test_copies_of_much_come_after_a_share_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(burial, "OF_OPEN", 2)
    group = await a_group_with_letters(100)
    told = [int(from_json(dict(each.headers)[h.PART] or b"")["at"]) for each in copies(group)]
    assert told == [10, 21, 41, 80]


async def test_a_copy_that_is_damaged_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    group = await a_group_with_letters()
    for each in copies(group):
        log = group.broker.log(dead_letter(GROUP))[0]
        log[each.offset] = each._replace(value=(each.value or b"")[:-1] + b"?")
    await group.bus.stop()
    with counted(monkeypatch) as heard:
        await group.member().start()
        await group.clock.advance(1.0)
    assert min(heard) == 0

    await group.give(started(0, 10))

    assert group.seen == []


async def test_a_copy_that_cannot_be_written_is_written_later(monkeypatch: pytest.MonkeyPatch) -> None:
    refused: list[int] = []
    publish = MemoryBus.publish

    async def refuses_once(self: MemoryBus, records: Sequence[Outgoing]) -> None:
        if not refused and any(value == h.CHECKPOINT for _, value in records[0].headers):
            refused.append(len(records))
            raise BusError("not now")
        await publish(self, records)

    monkeypatch.setattr(MemoryBus, "publish", refuses_once)
    group = await a_group_with_letters(EVERY + 3)
    assert (refused, len(copies(group)), len(group.letters)) == ([1], 1, EVERY + 3)


def letter(number: int, topic: str = EXECUTIONS, more: Sequence[tuple[str, bytes]] = (), day: int = TODAY) -> Record:
    record = Record(topic, 0, number, b"key-%d" % number, BAD, tuple(more))
    out: Outgoing = dead_letter_of(record, raised(record), "control-plane", GROUP, START)
    return Record(out.topic, 0, number, out.key, out.value, tuple(out.headers), day * DAY_MS)


def settled(at: int, number: int, sent_to: int | None = None) -> Record:
    out = mark_record(
        Mark("redriven", "ann", "", START, Origin(EXECUTIONS, 0, number), b"key-%d" % number, sent_to), GROUP
    )
    return Record(out.topic, 0, at, out.key, out.value, tuple(out.headers), TODAY * DAY_MS)


def test_a_million_letters_take_thirty_bytes_each_and_those_of_questions_none() -> None:
    """Given a small part of them, for each costs the same."""
    count, heard = 5_000, OpenLetters()
    record = letter(0)
    for number in range(count):
        said = {**dict(record.headers), h.OFFSET: b"%d" % number, h.FIRST_OFFSET: b"%d" % number}
        heard.hear(record._replace(offset=number, key=b"key-%d" % number, headers=tuple(said.items())))
    assert len(heard.copied()) / count < BYTES_A_LETTER_MAX
    assert heard.of(EXECUTIONS, b"key-4999") == {Origin(EXECUTIONS, 0, 4999): Waiting(None, 4999)}

    questions, empty = OpenLetters(), len(OpenLetters().copied())
    for number in range(100):
        questions.hear(letter(number, SUBMITTED))
    assert (questions.some, len(questions.copied())) == (False, empty)


def test_a_copy_says_what_the_records_say() -> None:
    heard, again = OpenLetters(), OpenLetters()
    for each in (
        letter(0), letter(1, more=[(h.REDRIVE, b"r1"), (h.FIRST_OFFSET, b"0")]), letter(2), settled(3, 2, sent_to=40),
        letter(4, day=TODAY - 40),
    ):  # fmt: skip
        heard.hear(each)
    out = parts_of(heard.copied(), heard.heard_until, dead_letter(GROUP))
    records = [
        Record(each.topic, 0, 5 + nth, each.key, each.value, tuple(each.headers)) for nth, each in enumerate(out)
    ]
    ((at, copy),) = copies_in(records)
    again.take(copy, at, since_day=TODAY - 30)

    assert at == again.heard_until == 5
    assert [again.of(EXECUTIONS, b"key-%d" % number) for number in (0, 1, 2, 4)] == [
        {Origin(EXECUTIONS, 0, 0): Waiting(None, 0)}, {Origin(EXECUTIONS, 0, 1): Waiting("r1", 0)}, {}, {},
    ]  # fmt: skip
    assert (again.sent_again_to(EXECUTIONS, b"key-2"), again.sent_again_to(EXECUTIONS, b"key-0")) == (40, 0)
    assert list(copies_in(records[:-1])) == []
    with pytest.raises(ValueError, match="copy"):
        again.take(b"no copy", at, since_day=0)


def test_whoever_lists_letters_passes_a_copy_over() -> None:
    out = parts_of(OpenLetters().copied(), 1, dead_letter(GROUP))
    part = Record(out[0].topic, 0, 1, out[0].key, out[0].value, tuple(out[0].headers))
    assert [each.letter.offset for each in box_of([letter(0), part, letter(2)])] == [0, 2]
