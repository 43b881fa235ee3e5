"""Who has our instance id: an earlier life of ours, one that is dead, or a living process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiokafka import errors as kafka  # type: ignore[import-untyped]
from aiokafka.protocol.group import JoinGroupRequest, SyncGroupRequest  # type: ignore[import-untyped]
from aiokafka.protocol.metadata import MetadataRequest  # type: ignore[import-untyped]

from queuebit_runtime.bus.kafka.members import Holder, Seen
from queuebit_runtime.bus.kafka.twins import (
    CLAIMS_MAX,
    FENCED_INSTANCE_ID,
    Claim,
    Doubt,
    FencedInstanceError,
    guard_instance,
)
from tests.fakes.moved_clock import MovedClock

NOBODY = Seen(None, settled=True)
NOT_COORDINATOR = 16


def held_by(member: str, *, settled: bool = True) -> Seen:
    return Seen(Holder(member, "queuebit", "/10.0.0.1"), settled)


@pytest.mark.parametrize(
    ("looks", "verdict"),
    [
        ([(0.0, NOBODY)], "free"),
        ([(0.0, held_by("ours-1"))], "free"),
        ([(0.0, held_by("x"))], "open"),
        ([(0.0, held_by("x")), (8.9, held_by("x"))], "open"),
        ([(0.0, held_by("x")), (9.0, held_by("x"))], "taken"),
        ([(0.0, held_by("x")), (5.0, held_by("y")), (9.0, held_by("y"))], "open"),
        ([(0.0, held_by("x")), (5.0, held_by("x", settled=False)), (9.0, held_by("x"))], "open"),
        ([(0.0, held_by("x")), (5.0, None), (9.0, held_by("x"))], "open"),
        ([(0.0, held_by("x")), (5.0, NOBODY), (9.0, held_by("x"))], "open"),
    ],
)
def test_a_twin_is_who_stays_in_a_settled_group_for_longer_than_the_dead(
    looks: Sequence[tuple[float, Seen | None]], verdict: str
) -> None:
    doubt, found = Doubt(9.0), ""
    for at_s, seen in looks:
        if seen is None:
            doubt.lose_sight()
        else:
            found = doubt.weigh(seen, {"ours-1", "ours-2"}, at_s)
    assert found == verdict


class QuickClock(MovedClock):
    """Who sleeps on it lets the time pass."""

    async def sleep(self, delay_s: float) -> None:
        self.spend(delay_s)


@dataclass
class Answer:
    error_code: int = 0
    member_id: str = ""
    groups: Sequence[tuple[Any, ...]] = ()


@dataclass
class Member:
    """A consumer as far as the guard knows it: its client, and its coordinator, which loses its member id where it must."""

    answers: list[Answer]
    member_id: str = ""
    group_id: str = "g"
    sent: list[str] = field(default_factory=list)

    @property
    def _client(self) -> Member:
        return self

    @property
    def _coordinator(self) -> Member:
        return self

    def reset_generation(self) -> None:
        self.member_id = ""

    async def send(self, node_id: int, request: Any, *, group: str = "") -> Answer:
        self.sent.append(type(request).__name__)
        return self.answers.pop(0)

    async def joins(self) -> None:
        request = JoinGroupRequest("g", 1, 1, self.member_id, "one.0", "consumer", [])
        self.member_id = (await self.send(1, request, group="c")).member_id

    async def syncs(self) -> None:
        await self.send(1, SyncGroupRequest("g", 1, self.member_id, "one.0", []), group="c")


@dataclass
class World:
    """One member under guard."""

    answers: list[Answer]
    waits: bool = False
    taken: list[str] = field(default_factory=list)
    doubts: list[str | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.member = Member(self.answers)
        claim = Claim("one.0", 6.0, waits=self.waits)
        guard_instance(self.member, claim, QuickClock(), on_taken=self.taken.append, on_doubt=self.doubts.append)

    async def lives_once(self) -> None:
        self.answers += [Answer(member_id="m1"), Answer()]
        await self.member.joins()
        await self.member.syncs()
        self.member.sent.clear()


def held(member: str | None, *, state: str = "Stable", code: int = 0) -> Answer:
    members = [] if member is None else [(member, "one.0", "queuebit", "/10.0.0.1", b"", b"")]
    return Answer(groups=[(code, "g", state, "consumer", "range", members, 0)])


async def test_a_first_join_and_all_that_is_no_join_go_as_they_are() -> None:
    world = World([Answer(), Answer(member_id="m1"), Answer()])
    await world.member.send(1, MetadataRequest([]))
    await world.member.joins()
    await world.member.syncs()
    assert world.member.sent == ["MetadataRequest", "JoinGroupRequest", "SyncGroupRequest"]


async def test_who_was_forgotten_joins_again_where_nobody_has_its_place() -> None:
    world = World([])
    await world.lives_once()
    world.member.reset_generation()
    world.answers += [held(None), Answer(member_id="m2"), Answer()]
    await world.member.joins()
    await world.member.syncs()
    assert world.member.sent == ["DescribeMembers", "JoinGroupRequest", "SyncGroupRequest"]
    assert (world.taken, world.doubts) == ([], [None])


async def test_an_earlier_life_of_ours_that_a_coordinator_remembers_is_no_twin() -> None:
    """Given a second life, when a coordinator that was frozen fences it for the first, then it joins again at once."""
    world = World([])
    await world.lives_once()
    world.answers += [Answer(FENCED_INSTANCE_ID)]
    with pytest.raises(FencedInstanceError):
        await world.member.joins()
    world.answers += [held("m1"), Answer(member_id="m3")]
    await world.member.joins()
    assert (world.member.member_id, world.taken) == ("m3", [])


async def test_a_claim_that_was_never_confirmed_is_made_again_but_not_for_ever() -> None:
    """Given a coordinator that died within the join, when the next one fences us for an earlier one, then we join anew."""
    world = World([])
    for number in range(CLAIMS_MAX):
        world.answers += [Answer(member_id=f"m{number}"), Answer(FENCED_INSTANCE_ID)]
        await world.member.joins()
        with pytest.raises(FencedInstanceError):
            await world.member.syncs()
        assert world.member.member_id == ""
    world.answers += [held("x")]
    with pytest.raises(FencedInstanceError):
        await world.member.joins()
    assert world.member.sent == ["JoinGroupRequest", "SyncGroupRequest"] * CLAIMS_MAX + ["DescribeMembers"]
    assert (world.taken, world.doubts) == ([], ["client queuebit at 10.0.0.1"])


async def test_a_stranger_that_lives_is_told_once_and_nothing_is_joined_after() -> None:
    world = World([])
    await world.lives_once()
    world.member.reset_generation()
    world.answers += [held("x") for _ in range(20)]
    while not world.taken:
        with pytest.raises(FencedInstanceError):
            await world.member.joins()
    looks = len(world.member.sent)
    with pytest.raises(FencedInstanceError):
        await world.member.joins()
    assert world.taken == ["client queuebit at 10.0.0.1"]
    assert world.member.sent == ["DescribeMembers"] * looks
    assert looks == 10


async def test_a_stranger_that_is_dead_is_put_out_by_the_group_and_its_place_is_ours() -> None:
    world = World([])
    await world.lives_once()
    world.member.reset_generation()
    world.answers += [held("x") for _ in range(5)] + [held(None), Answer(member_id="m2")]
    for _ in range(5):
        with pytest.raises(FencedInstanceError):
            await world.member.joins()
    await world.member.joins()
    assert (world.member.member_id, world.taken, world.doubts[-1]) == ("m2", [], None)


async def test_an_answer_that_fails_proves_nothing() -> None:
    world = World([])
    await world.lives_once()
    world.member.reset_generation()
    for _ in range(3):
        world.answers += [held("x") for _ in range(8)] + [held(None, code=NOT_COORDINATOR)]
        for _ in range(8):
            with pytest.raises(FencedInstanceError):
                await world.member.joins()
        with pytest.raises(kafka.NotCoordinatorForGroupError):
            await world.member.joins()
    assert world.taken == []


async def test_a_start_that_waits_asks_before_its_first_join() -> None:
    world = World([held("x"), held(None), Answer(member_id="m1")], waits=True)
    with pytest.raises(FencedInstanceError):
        await world.member.joins()
    await world.member.joins()
    assert world.member.sent == ["DescribeMembers", "DescribeMembers", "JoinGroupRequest"]
