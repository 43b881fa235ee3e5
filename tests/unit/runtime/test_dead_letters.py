"""What a dead letter says, what waits behind it, and when so many fail alike that nothing is set aside."""

from __future__ import annotations

import asyncio
import struct
from datetime import timedelta

import pytest

from queuebit_contracts.channels import EXECUTIONS, REPORTED, SUBMITTED, dead_letter
from queuebit_contracts.errors import MalformedEnvelope
from queuebit_runtime.bus.dead_letters import headers as h
from queuebit_runtime.bus.dead_letters.fingerprint import fingerprint_of
from queuebit_runtime.bus.dead_letters.letter import Letter, Origin, dead_letter_of, letter_of
from queuebit_runtime.bus.dead_letters.marks import Mark, mark_of, mark_record
from queuebit_runtime.bus.dead_letters.open_letters import OpenLetters, copies_in, parts_of
from queuebit_runtime.bus.dead_letters.outage import OutageLimit
from queuebit_runtime.bus.decoding import Item
from queuebit_runtime.bus.port import Outgoing, Record
from tests.fakes.moved_clock import START
from tests.unit.runtime.one_group import BAD, GROUP, OneGroup, bad, raised, started

AT = "2026-01-02T03:04:05Z"


def kept(letter: Outgoing, offset: int = 0) -> Record:
    return Record(letter.topic, 0, offset, letter.key, letter.value, tuple(letter.headers))


def test_a_dead_letter_is_the_record_as_it_came_and_the_reason_for_every_reader() -> None:
    """Given poison with forged headers, then KIP-1191's, Spring's and our own name where it lay, and nothing of it is lost."""
    record = Record(EXECUTIONS, 2, 7, b"key", BAD, (("a", b"1"), (h.OFFSET, b"forged"), ("a", b"2")), 1234)
    error = raised(record)
    group = fingerprint_of(error)

    letter = dead_letter_of(record, error, "control-plane", GROUP, START)

    said = dict(letter.headers)
    assert (letter.topic, letter.key, letter.value) == ("dlq.control-plane", b"key", BAD)
    assert letter.headers[:2] == [("a", b"1"), ("a", b"2")]
    assert [said[name] for name in (h.TOPIC, h.PARTITION, h.OFFSET, h.GROUP)] == [
        b"jobs.executions", b"2", b"7", b"control-plane",
    ]  # fmt: skip
    assert struct.unpack(">i", said[h.SPRING_PARTITION]) == (2,)
    assert struct.unpack(">qq", said[h.SPRING_OFFSET] + said[h.SPRING_TIMESTAMP]) == (7, 1234)
    assert group.error_type == "queuebit_contracts.errors.MalformedEnvelope"
    assert group.at.startswith("queuebit_contracts.")
    assert letter_of(kept(letter, 40)) == Letter(
        topic="dlq.control-plane",
        partition=0,
        offset=40,
        origin=Origin(EXECUTIONS, 2, 7),
        group=GROUP,
        key=b"key",
        value=BAD,
        headers=(("a", b"1"), ("a", b"2")),
        code="malformed_envelope",
        detail=error.detail,
        remedy=error.remedy,
        fingerprint=group.id,
        error_type=group.error_type,
        error_at=group.at,
        failed_at=AT,
        first_failed_at=AT,
        first_offset=7,
        replays=0,
        redrive=None,
        behind=None,
    )


def test_neither_key_nor_value_is_told_from_an_empty_one() -> None:
    record = Record(EXECUTIONS, 0, 0, None, None, ())
    letter = letter_of(kept(dead_letter_of(record, raised(record), "control-plane", GROUP, START)))
    assert letter is not None
    assert (letter.key, letter.value) == (None, None)


def test_the_same_failure_has_the_same_fingerprint_and_another_has_another() -> None:
    first, again = (raised(Record(EXECUTIONS, 0, at, b"k", BAD, ())) for at in (1, 2))
    other = raised(Record(EXECUTIONS, 0, 3, b"k", None, (("ce_specversion", b"1.0"),)))
    assert fingerprint_of(first).id == fingerprint_of(again).id != fingerprint_of(other).id


def test_a_mark_comes_back_as_it_was_written() -> None:
    mark = Mark("redriven", "ann", "mended", START, Origin(EXECUTIONS, 1, 2), b"key", 12, redrive="r1")
    assert mark_of(kept(mark_record(mark, GROUP))) == mark
    assert letter_of(kept(mark_record(mark, GROUP))) is None
    odd = Record(dead_letter(GROUP), 0, 0, b"", b"{}", ((h.MARK, b"redriven"),))
    assert mark_of(odd) is None


def test_poison_that_says_it_is_a_mark_or_a_copy_is_a_letter_like_others() -> None:
    """Given records of outsiders with our headers and the values of a mark and of a copy, then their letters are none, whether
    they are written now or were before these headers were taken off.
    """
    theirs = Origin(EXECUTIONS, 0, 3)
    mark = mark_record(Mark("dropped", "eve", "why", START, theirs, b"key"), GROUP)
    (part,) = parts_of(OpenLetters().copied(), 10**9, dead_letter(GROUP))
    for forged in (mark, part):
        record = Record(SUBMITTED, 0, 7, b"key", forged.value, tuple(forged.headers))
        written = dead_letter_of(record, raised(record), "control-plane", GROUP, START)
        before = written._replace(headers=[*forged.headers, *written.headers])
        letters = OpenLetters()
        letters.hear(
            kept(dead_letter_of(Record(*theirs, b"key", BAD, ()), raised(record), "control-plane", GROUP, START))
        )
        for nth, letter in enumerate((written, before)):
            letters.hear(kept(letter, nth + 1))
            found = letter_of(kept(letter))
            assert (mark_of(kept(letter)), found and found.origin) == (None, Origin(SUBMITTED, 0, 7))
            assert [*copies_in([kept(letter)])] == []
        assert h.MARK not in dict(written.headers)
        assert [*letters.of(EXECUTIONS, b"key")] == [theirs]


def test_nothing_waits_where_outsiders_choose_the_key() -> None:
    """Given a report of an outcome that nobody can read, then those that others send under the same key, or none, are heard."""
    record = Record(REPORTED, 0, 7, None, BAD, ())
    letters = OpenLetters()
    letters.hear(kept(dead_letter_of(record, raised(record), "control-plane", GROUP, START)))

    assert (letters.some, letters.of(REPORTED, b"")) == (False, {})


@pytest.fixture
async def group() -> OneGroup:
    made = OneGroup()
    await made.bus.start()
    await made.clock.advance(1.0)
    return made


async def test_what_follows_a_dead_letter_of_its_job_waits_behind_it_and_nothing_else_does(group: OneGroup) -> None:
    await group.give(started(1, 10), bad(1), started(1, 11), started(2, 20))
    await group.give(started(1, 12), started(2, 21))

    assert group.seen == [10, 20, 21]
    assert [(each.origin.offset, each.behind) for each in group.letters] == [
        (1, None), (2, "jobs.executions/0@1"), (4, "jobs.executions/0@1"),
    ]  # fmt: skip
    assert group.broker.lag(GROUP, EXECUTIONS) == 0


async def test_a_process_that_starts_later_knows_what_waits(group: OneGroup) -> None:
    await group.give(bad(1))
    await group.bus.stop()
    await group.member().start()

    await group.give(started(1, 11), started(2, 20))

    assert group.seen == [20]
    assert len(group.letters) == 2


async def test_what_is_sent_again_goes_first_and_the_job_goes_on_behind_it(group: OneGroup) -> None:
    """Given a letter and one that waits, when both are sent again in order and marked, then the job is whole again."""
    await group.give(bad(1), started(1, 11))
    first, second = group.letters
    again = (h.REDRIVE, b"r1")
    await group.give(started(1, 10, again), started(1, 11, again))
    await group.settle(first, "redriven", 2)
    await group.settle(second, "redriven", 3)
    await group.give(started(1, 12))

    assert group.seen == [10, 11, 12]
    assert len(group.letters) == 2


async def test_what_fails_again_holds_up_what_was_sent_again_behind_it(group: OneGroup) -> None:
    await group.give(bad(1), started(1, 11))
    again = (h.REDRIVE, b"r1")
    await group.give(bad(1, again, (h.REPLAYS, b"1"), (h.FIRST_OFFSET, b"0")), started(1, 11, again, (h.REPLAYS, b"1")))

    assert group.seen == []
    third, fourth = group.letters[2:]
    assert (third.replays, third.redrive, third.first_offset, third.behind) == (1, "r1", 0, None)
    assert (fourth.replays, fourth.behind) == (1, "jobs.executions/0@2")


async def test_what_came_before_the_record_that_was_sent_again_does_not_overtake_it(group: OneGroup) -> None:
    """Given a follower that is read only after the letter was settled, then it waits: it lies before what was sent again."""
    await group.give(bad(1))
    (letter,) = group.letters
    group.broker.append([started(1, 11), started(1, 10, (h.REDRIVE, b"r1"))])
    group.broker.append([mark_record(Mark("redriven", "ann", "", START, letter.origin, letter.key or b"", 2), GROUP)])
    await group.clock.advance(1.0)
    await group.give(started(1, 12))

    assert group.seen == [10]
    assert [each.origin.offset for each in group.letters] == [0, 1, 3]


async def test_a_dropped_letter_lets_go_what_was_behind_it(group: OneGroup) -> None:
    await group.give(bad(1))
    await group.settle(group.letters[0], "dropped")
    await group.give(started(1, 11))
    assert group.seen == [11]


async def test_one_in_quarantine_keeps_its_place(group: OneGroup) -> None:
    await group.give(bad(1))
    await group.settle(group.letters[0], "quarantined")
    await group.give(started(1, 11))
    assert group.seen == []


async def test_questions_are_no_sequence(group: OneGroup) -> None:
    await group.give(*(Outgoing(SUBMITTED, b"order", BAD, []) for _ in range(3)))
    assert [each.behind for each in group.letters] == [None] * 3


LIMIT = OutageLimit(alike_max=3, window_s=60.0)


async def test_many_jobs_that_fail_alike_pause_the_group_and_nothing_is_set_aside() -> None:
    """Given more jobs than may that fail alike, then the group stands before them and says so; accepted, it sets them aside."""
    group = OneGroup(LIMIT)
    await group.bus.start()
    await group.clock.advance(1.0)
    await group.give(*(bad(job) for job in range(5)), started(9, 90))

    assert (group.letters, group.seen, group.broker.lag(GROUP, EXECUTIONS)) == ([], [], 6)
    reason = await group.bus.probe()
    assert reason is not None
    assert (reason.code, reason.about["jobs"], reason.about["topic"]) == ("many_fail_alike", 5, EXECUTIONS)

    accepted = Mark("accepted", "ann", "they are", START, fingerprint=str(reason.about["fingerprint"]))
    await group.give(mark_record(accepted, GROUP))
    await group.clock.advance(30.0)

    assert (len(group.letters), group.seen, group.broker.lag(GROUP, EXECUTIONS)) == (5, [90], 0)
    assert await group.bus.probe() is None


async def test_a_pause_ends_by_itself_once_the_cause_is_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given records that cannot be read for a while, as by an older version, then none is lost and all are read in order."""
    group = OneGroup(LIMIT)
    await group.bus.start()
    await group.clock.advance(1.0)

    def refuse(record: Record, *, refusals: bool, replays: bool) -> Item:
        raise MalformedEnvelope("of tomorrow", remedy="update")

    monkeypatch.setattr("queuebit_runtime.bus.decoding.read", refuse)
    await group.give(*(started(job, job) for job in range(10)))
    assert (group.letters, group.seen) == ([], [])
    monkeypatch.undo()
    await group.clock.advance(120.0)

    assert (group.letters, group.seen) == ([], list(range(10)))
    assert await group.bus.probe() is None


async def test_a_few_bad_ones_among_many_are_poison() -> None:
    group = OneGroup(LIMIT)
    await group.bus.start()
    await group.clock.advance(1.0)
    await group.give(*(started(job, job) for job in range(20)), *(bad(job) for job in range(100, 105)))
    assert (len(group.letters), len(group.seen)) == (5, 20)


async def test_one_job_that_fails_often_is_no_outage() -> None:
    group = OneGroup(LIMIT)
    await group.bus.start()
    await group.clock.advance(1.0)
    await group.give(*(bad(1) for _ in range(10)))
    assert len(group.letters) == 10


async def test_what_outsiders_write_stops_nobody() -> None:
    group = OneGroup(LIMIT)
    await group.bus.start()
    await group.clock.advance(1.0)
    await group.give(*(Outgoing(SUBMITTED, b"%d" % number, BAD, []) for number in range(10)), started(1, 10))
    assert (len(group.letters), group.seen) == (10, [10])


async def test_failures_of_long_ago_do_not_count() -> None:
    group = OneGroup(LIMIT)
    await group.bus.start()
    await group.clock.advance(1.0)
    for job in range(8):
        await group.give(bad(job))
        await group.clock.advance(timedelta(seconds=40).total_seconds())
    assert len(group.letters) == 8


async def test_a_letter_that_was_not_written_holds_nobody_up(group: OneGroup) -> None:
    """Given the broker refuses the letter once, then it is written later, and once."""
    group.broker.append([bad(1), started(2, 20)])
    group.broker.fail_publishes(1)
    await asyncio.sleep(0)
    await group.clock.advance(10.0)
    assert (len(group.letters), group.seen) == (1, [20])


async def test_what_comes_while_a_letter_is_written_waits_behind_it() -> None:
    """Given deliveries that overlap and a broker that refuses the letter, then what follows of the job overtakes nothing."""
    group = OneGroup(overlap=4)
    await group.bus.start()
    await group.clock.advance(1.0)
    group.broker.append([bad(1)])
    group.broker.fail_publishes(1)
    await asyncio.sleep(0)

    await group.clock.advance(0.01)
    refused = list(group.letters)
    group.broker.append([started(1, 10), started(2, 20)])
    await group.clock.advance(10.0)

    assert refused == []
    assert {each.origin.offset: each.behind for each in group.letters} == {0: None, 1: "jobs.executions/0@0"}
    assert group.seen == [20]


async def test_what_could_not_be_set_aside_does_not_overtake_what_was_sent_again_meanwhile() -> None:
    """Given one that waits behind poison, and no broker to set it aside, when the poison is sent again meanwhile and
    fails again, then the one that waits comes behind it all the same.
    """
    group = OneGroup(overlap=4)
    await group.bus.start()
    await group.clock.advance(1.0)
    await group.give(bad(1))
    (poison,) = group.letters
    group.broker.append([started(1, 11)])
    group.broker.fail_publishes(1)
    await group.clock.advance(0.01)
    group.broker.append([bad(1, (h.REDRIVE, b"r1"), (h.FIRST_OFFSET, b"0"))])
    await group.settle(poison, "redriven", 2)

    await group.clock.advance(10.0)
    await group.give(started(1, 12), started(2, 20))

    assert group.seen == [20]
    assert {each.origin.offset: each.behind for each in group.letters} == {
        0: None, 1: "jobs.executions/0@2", 2: None, 3: "jobs.executions/0@1",
    }  # fmt: skip


async def test_what_waited_for_a_letter_that_another_member_wrote_or_not_waits_no_longer() -> None:
    """Given the partition goes to another member while a letter cannot be written, then that one alone says what waits."""
    group = OneGroup(overlap=4)
    await group.bus.start()
    await group.clock.advance(1.0)
    group.broker.append([bad(1)])
    group.broker.fail_publishes(1)
    await group.clock.advance(0.01)
    other = group.member()
    joining = asyncio.ensure_future(other.start())
    await group.clock.advance(10.0)
    await joining
    await other.stop()
    await group.clock.advance(1.0)
    (letter,) = group.letters

    await group.settle(letter, "dropped")
    await group.give(started(1, 10))

    assert group.seen == [10]
