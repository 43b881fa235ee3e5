"""What became of dead letters, how they are planned, sent and edited: pure, but for a clock that is moved."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from itertools import islice, pairwise
from typing import Any, cast
from uuid import UUID

import pytest

from queuebit_client.cli.exit_codes import ExitCode
from queuebit_contracts.channels import EXECUTIONS, SUBMITTED
from queuebit_operations.bulk.operation import Operation, advance, evolve_operation
from queuebit_operations.dead_letters.acting import arguments_of, settings_of
from queuebit_operations.dead_letters.box import Kept, Wanted
from queuebit_operations.dead_letters.grouping import Grouping
from queuebit_operations.dead_letters.reading import LetterReader
from queuebit_operations.dead_letters.redrive import Redrive, RedrivePlan, RedriveSettings, plan_redrive, rates
from queuebit_operations.dead_letters.shelf import Shelf
from queuebit_operations.errors import NotThere
from queuebit_operations.verbs.bulk import tell_operation
from queuebit_runtime.bus.dead_letters import headers as h
from queuebit_runtime.bus.dead_letters.letter import Letter, Origin
from queuebit_runtime.bus.dead_letters.marks import Mark, mark_record
from tests.fakes.letter_topics import GROUP, Broker, Topic
from tests.fakes.moved_clock import START, MovedClock


async def test_letters_that_are_read_one_after_the_other_are_those_of_the_whole_topic() -> None:
    topic = Topic()
    first = topic.fails(1)
    topic.waits(2, first)
    topic.fails(1)
    topic.mark("redriven", first)
    topic.mark("quarantined", topic.fails(3, "other"), "other")
    reader = LetterReader(cast(Any, Broker(topic)))

    assert [each async for each in reader.kept(GROUP)] == topic.box
    assert states(topic.box) == [(2, "waiting"), (1, "redriven"), (3, "quarantined")]


def in_sequence(topic: Topic, *chosen: int) -> list[int]:
    """Where the records of the chosen letters lay, and of those that go with them, in the order in which they are sent."""
    shelf = topic.shelf
    shelf.choose(chosen)
    at = {each.letter.offset: each.letter.origin.offset for each in topic.box}
    return [at[each.letter] for each in shelf.in_sequence()]


def states(box: list[Kept]) -> list[tuple[int, str]]:
    return [(each.letter.origin.offset, each.state) for each in box]


def test_a_mark_settles_its_letter_and_no_other() -> None:
    topic = Topic()
    first = topic.fails(1)
    second = topic.waits(2, first)
    topic.fails(3, "other")
    topic.mark("redriven", first)
    topic.mark("dropped", second)
    assert states(topic.box) == [(1, "redriven"), (2, "dropped"), (3, "open")]


def test_a_record_that_was_set_aside_twice_is_one_letter() -> None:
    topic = Topic()
    first = topic.fails(1)
    topic.fails(1)
    topic.mark("redriven", first)
    assert states(topic.box) == [(1, "redriven")]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(), [1, 2]),
        (Wanted(every_state=True), [1, 2, 3, 4]),
        (Wanted(quarantined=True), [1, 2, 4]),
        (Wanted(quarantined=True, tenants=("acme",)), [1, 4]),
        (Wanted(tenants=("other",)), [2]),
        (Wanted(ids=(f"{GROUP}:0",)), [1]),
        (Wanted(codes=("malformed_envelope",), topics=(SUBMITTED,)), [2]),
        (Wanted(fingerprints=("nothing",)), []),
    ],
)
def test_letters_are_chosen_by_what_they_say(wanted: Wanted, found: list[int]) -> None:
    topic = Topic()
    topic.fails(1)
    topic.fails(2, tenant="other", topic=SUBMITTED)
    topic.mark("dropped", topic.fails(3, "third"), "third")
    topic.fails(4, "fourth")
    topic.mark("quarantined", topic.fails(4, "fourth"), "fourth")
    assert [each.letter.origin.offset for each in topic.box if wanted.includes(each)] == found

    shelf = Shelf(wanted)
    shelf.hear(topic.records)
    at = {each.letter.offset: each.letter.origin.offset for each in topic.box}
    assert [at[letter] for letter in shelf.wanted()] == found


def test_a_chosen_letter_takes_along_what_its_key_has_and_questions_go_alone() -> None:
    topic = Topic()
    first = topic.fails(1)
    topic.fails(2, "other")
    topic.waits(3, first)
    topic.fails(4, "order", topic=SUBMITTED)
    topic.fails(5, "order", topic=SUBMITTED)
    assert in_sequence(topic, 0, 3) == [1, 3, 4]


def test_what_failed_again_stands_where_it_stood_before() -> None:
    """Given a letter that came back behind a later follower, then it is sent before that one all the same."""
    topic = Topic()
    first = topic.fails(1)
    topic.waits(5, first)
    topic.mark("redriven", first)
    topic.fails(9, again={h.REPLAYS: "1", h.FIRST_OFFSET: "1", h.REDRIVE: "r"})
    assert in_sequence(topic, 0, 1, 3) == [9, 5]


def test_what_fails_alike_is_one_group_with_its_first_and_last() -> None:
    topic = Topic()
    topic.fails(1)
    topic.fails(2, "other", tenant="other", again={h.REPLAYS: "2", h.FIRST_FAILED_AT: "2025-01-01T00:00:00Z"})
    topic.mark("dropped", Origin(EXECUTIONS, 0, 1))
    grouping = Grouping()
    for each in topic.box:
        grouping.add(each)
    (group,) = grouping.found()
    assert (group.letters, group.open, group.jobs, group.tenants, group.replays) == (2, 1, 2, 2, 2)
    assert (group.first_seen, group.last_seen, group.example) == (
        "2025-01-01T00:00:00Z", "2026-01-02T03:04:05Z", f"{GROUP}:1",
    )  # fmt: skip


def plan_of(topic: Topic, **bounds: Any) -> RedrivePlan:
    shelf = topic.shelf
    shelf.choose(each.letter.offset for each in topic.box)
    return plan_redrive(shelf.in_sequence(), **{"replays_max": 3, **bounds})


def planned(topic: Topic, **bounds: Any) -> tuple[list[int], int]:
    plan = plan_of(topic, **bounds)
    return [topic.box[each].letter.origin.offset for each in plan.send], plan.held_back


def test_nothing_overtakes_what_is_held_back() -> None:
    topic = Topic()
    topic.waits(2, topic.fails(1, tenant="other"))
    topic.fails(3, "second", again={h.REPLAYS: "3"})
    topic.waits(4, Origin(EXECUTIONS, 0, 3), "second")
    topic.fails(5, "third")
    assert planned(topic, skip_tenants=("other",)) == ([3, 5], 3)


def test_what_is_in_quarantine_stays_there_until_it_is_asked_for() -> None:
    topic = Topic()
    first = topic.fails(1)
    topic.waits(2, first)
    topic.mark("quarantined", first)
    assert planned(topic) == ([], 2)
    assert planned(topic, quarantined=True) == ([1, 2], 0)


def test_the_rate_rises_in_steps_to_the_one_that_is_allowed() -> None:
    assert list(islice(rates(30), 7)) == [1, 2, 5, 10, 20, 30, 30]
    assert list(islice(rates(0.5), 2)) == [0.5, 0.5]


class Sender:
    """Sends, and lets the records of some keys fail again."""

    def __init__(self, topic: Topic, failing_keys: set[bytes], clock: MovedClock) -> None:
        self.topic, self.failing, self.clock = topic, failing_keys, clock
        self.sent: list[tuple[int, float]] = []

    async def send(self, kept: Kept, redrive: str) -> int:
        self.sent.append((kept.letter.origin.offset, self.clock.monotonic_s()))
        offset = 100 + len(self.sent)
        if kept.letter.key in self.failing:
            self.topic.fails(
                offset,
                (kept.letter.key or b"").decode(),
                again={h.REDRIVE: redrive, h.REPLAYS: "1", h.FIRST_OFFSET: str(kept.letter.first_offset)},
            )
        return offset

    async def mark(self, mark: Mark, group: str) -> None:
        self.topic.add(mark_record(mark, group))


async def driven(topic: Topic, sender: Sender, clock: MovedClock, *, rate: float = 5.0, **changes: Any) -> Operation:
    """Run as the frame of bulk verbs runs it, until it is done or stopped."""
    ids = [f"{GROUP}:{each}" for each in plan_of(topic, replays_max=3).send]
    settings = RedriveSettings(**{"stage_s": 2.0, "settle_s": 1.0, **changes})
    assert settings_of(arguments_of(settings)) == settings
    act = Redrive("r1", settings, sender, topic, clock)
    operation = Operation(
        2, "dlq redrive", {}, len(ids), "ann", START, tuple(ids), "running", "ann", "mended", rate, len(ids),
    )  # fmt: skip
    while operation.state == "running":
        step = asyncio.ensure_future(act(operation.left, operation))
        while not step.done():
            await clock.advance(0.1)
        done = step.result()
        for event in advance(operation, done.outcomes, done.failures, stop=done.stop):
            operation = evolve_operation(operation, event, START)
    return operation


async def test_a_redrive_begins_slowly_and_marks_what_it_sent() -> None:
    topic, clock = Topic(), MovedClock()
    for at in range(12):
        topic.fails(at, f"job-{at}")
    sender = Sender(topic, set(), clock)

    done = await driven(topic, sender, clock)

    assert (done.state, done.outcomes) == ("done", {"redriven": 12})
    times = [when for _, when in sender.sent]
    assert [round(later - earlier, 1) for earlier, later in pairwise(times)][:7] == [
        1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.2,
    ]  # fmt: skip
    assert {state for _, state in states(topic.box)} == {"redriven"}


class SlowSender(Sender):
    """Each record takes a while to be there."""

    def __init__(self, topic: Topic, clock: MovedClock) -> None:
        super().__init__(topic, set(), clock)
        self.on_the_way: list[bytes] = []
        self.most = 0

    async def send(self, kept: Kept, redrive: str) -> int:
        key = kept.letter.key or b""
        assert key not in self.on_the_way, "the one before it is not there yet"
        self.on_the_way.append(key)
        self.most = max(self.most, len(self.on_the_way))
        offset = await super().send(kept, redrive)
        await self.clock.sleep(0.1)
        self.on_the_way.remove(key)
        return offset


async def test_a_fast_redrive_sends_many_at_once_and_those_of_one_key_in_order() -> None:
    topic, clock = Topic(), MovedClock()
    for at in range(0, 120, 2):
        topic.waits(at + 1, topic.fails(at, f"job-{at}"), f"job-{at}")
    sender = SlowSender(topic, clock)

    done = await driven(topic, sender, clock, rate=500.0, stage_s=0.1)

    assert (done.state, done.outcomes) == ("done", {"redriven": 120})
    assert sender.most == 6, "of ten letters the keys"
    sent = [at for at, _ in sender.sent]
    assert sorted(sent) == list(range(120))
    assert all(sent.index(at) < sent.index(at + 1) for at in range(0, 120, 2))


async def test_a_redrive_stops_after_the_stage_in_which_letters_came_back() -> None:
    topic, clock = Topic(), MovedClock()
    for at in range(12):
        topic.fails(at, f"job-{at}")
    sender = Sender(topic, {b"job-1"}, clock)

    done = await driven(topic, sender, clock)

    assert (done.state, done.outcomes, len(done.left)) == ("stopped", {"redriven": 1, "failed": 1}, 10)
    assert done.note == f"1 came back, as {GROUP}:13."
    assert sum(state == "open" for _, state in states(topic.box)) == 11


class LateSender(Sender):
    """What fails comes back only once the next has been sent."""

    late: list[Kept]

    async def send(self, kept: Kept, redrive: str) -> int:
        self.failing, failing = set(), self.failing
        offset = await super().send(kept, redrive)
        for each in self.late:
            again = {h.REDRIVE: redrive, h.REPLAYS: "1", h.FIRST_OFFSET: str(each.letter.first_offset)}
            self.topic.fails(offset + 100, (each.letter.key or b"").decode(), again=again)
        self.failing, self.late = failing, [kept] if kept.letter.key in failing else []
        return offset


async def test_what_comes_back_in_a_later_stage_is_a_failure_too_and_the_exit_code_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    topic, clock = Topic(), MovedClock()
    for at in range(12):
        topic.fails(at, f"job-{at}")
    sender = LateSender(topic, {b"job-1"}, clock)
    sender.late = []

    done = await driven(topic, sender, clock)

    assert (done.state, done.outcomes, len(done.left)) == ("stopped", {"redriven": 6}, 6)
    assert done.failures == {f"{GROUP}:1": f"It came back as {GROUP}:14."}
    assert tell_operation(UUID(int=1), done, as_json=False) is ExitCode.PARTLY_FAILED
    assert f"failed {GROUP}:1: It came back as {GROUP}:14." in capsys.readouterr().out


async def test_a_redrive_goes_on_over_as_many_failures_as_it_may() -> None:
    topic, clock = Topic(), MovedClock()
    for at in range(6):
        topic.fails(at, f"job-{at}")
    sender = Sender(topic, {b"job-1", b"job-4"}, clock)

    done = await driven(topic, sender, clock, failures_max=2)

    assert (done.state, done.outcomes) == ("done", {"redriven": 4, "failed": 2})


async def test_a_redrive_passes_over_what_is_settled_and_sets_what_was_sent_too_often_aside() -> None:
    topic, clock = Topic(), MovedClock()
    topic.fails(1, "one")
    topic.fails(2, "two", again={h.REPLAYS: "3"})
    topic.fails(3, "three")
    sender = Sender(topic, set(), clock)
    targets = (*(each.id for each in topic.box), f"{GROUP}:99")
    topic.mark("dropped", Origin(EXECUTIONS, 0, 3), "three")
    act = Redrive("r1", RedriveSettings(settle_s=0.0), sender, topic, clock)
    operation = Operation(2, "dlq redrive", {}, 4, "ann", START, targets, "running")

    step = asyncio.ensure_future(act(targets, operation))
    while not step.done():
        await clock.advance(0.1)

    assert list(step.result().outcomes.values()) == ["redriven", "quarantined", "settled before", "not there"]
    assert [at for at, _ in sender.sent] == [1]


class Retained(Topic):
    """Retention takes the letter of one job after the topic was read."""

    async def whole(self, group: str, offsets: Collection[int]) -> dict[int, Letter]:
        return await super().whole(group, {each for each in offsets if self.records[each].key != b"job-1"})


async def test_a_redrive_goes_on_past_a_letter_that_retention_took_meanwhile() -> None:
    topic, clock = Retained(), MovedClock()
    for at in range(3):
        topic.fails(at, f"job-{at}")
    sender = Sender(topic, set(), clock)

    done = await driven(topic, sender, clock)

    assert (done.state, done.outcomes) == ("done", {"redriven": 2, "not there": 1})
    assert [at for at, _ in sender.sent] == [0, 2]


async def test_what_letters_hold_is_read_of_the_one_that_is_looked_at() -> None:
    topic = Topic()
    first = topic.fails(1)
    topic.waits(2, first)
    topic.fails(3, "another")
    topic.mark("dropped", Origin(EXECUTIONS, 0, 3), "another")
    reader = LetterReader(cast(Any, Broker(topic)))

    one, box = await reader.one(f"{GROUP}:1")
    listed = [each async for each in reader.kept(GROUP)]

    assert (one.letter.value, one.state) == (b"!", "waiting")
    assert [each.letter.value for each in box] == [None] * 2
    assert listed == topic.box
    assert [(each.id, each.state, each.sequence, each.letter.headers) for each in box] == [
        (each.id, each.state, each.sequence, each.letter.headers) for each in topic.box[:2]
    ], "those of its key"
    with pytest.raises(NotThere):
        await reader.one(f"{GROUP}:9")
    assert list(await reader.whole(GROUP, {0, 2, 3})) == [0, 2], "the last is a mark"
