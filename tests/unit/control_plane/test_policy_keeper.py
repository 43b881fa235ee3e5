"""The control plane plans by the policy that is active, soon after it was activated, and each job says by which."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import orjson

from queuebit_contracts.policy import PolicyDocument, PolicyPublished
from queuebit_control_plane.inbound.admission import Intake
from queuebit_control_plane.inbound.subscriptions import Consumer
from queuebit_control_plane.inbound.superseding import Superseded
from queuebit_control_plane.inbound.tenants import Tenants
from queuebit_control_plane.policies import STALE_S, PolicyKeeper
from queuebit_domain.holds.lanes import Lanes
from queuebit_domain.policy.facts import bucket_of
from queuebit_domain.policy.register import CATEGORY, HEAD_STATE, OPERATOR, REGISTER_ID
from queuebit_operations.policies.register import PolicyRegister
from queuebit_runtime.bus.decoding import Received, sort_out
from queuebit_runtime.processes.bounded_work import inline
from queuebit_store.log.new_events import new_events
from queuebit_store.memory import MemoryStore
from queuebit_store.ports import Append, Head
from tests.builders import NOW, a_problem
from tests.fakes.buses import CollectingBus
from tests.fakes.clocks import StoppedClock
from tests.fakes.deliveries import Batch
from tests.unit.control_plane.entrance import asked
from tests.unit.control_plane.handling import a_handler
from tests.unit.policy.policies import a_document, row

WHY = {"actor": "ada", "reason": "a trial"}
BATCHES = a_document(row("all", "quantum", tier="interactive"))
SPLIT = a_document(
    {**row("canary", "quantum", bucket={"lt": 5000}), "propensity": 0.5}, policy="split", salt="s", description="Half."
)


class CountingStore(MemoryStore):
    """Counts how often the register is read."""

    reads = 0

    async def events_of(self, stream_id, *, after_version=0, limit=1000, tenant=None):  # type: ignore[no-untyped-def]
        self.reads += stream_id == REGISTER_ID
        return await super().events_of(stream_id, after_version=after_version, limit=limit, tenant=tenant)


class Plane:
    """A control plane that keeps to the policies of its store."""

    def __init__(self) -> None:
        self.store, self.clock = CountingStore(), StoppedClock()
        self.keeper = PolicyKeeper(self.store, self.clock)
        lanes = Lanes()
        intake = Intake(self.store, Tenants(self.store), lanes, self.keeper.policy)
        handler = a_handler(self.store, self.clock)
        self.consumer = Consumer(
            CollectingBus(), handler, intake, lanes, self.clock, inline(), Superseded(self.store, self.clock)
        )

    async def publish(self, document: PolicyDocument) -> None:
        register = PolicyRegister(self.store, self.clock)
        version, _ = await register.publish(document, **WHY)
        await register.activate(version, **WHY)

    def wait(self, seconds: float) -> None:
        self.clock.moment += timedelta(seconds=seconds)

    async def plan_of(self, name: str, nodes: int = 6) -> dict[str, Any]:
        """The plan of a new job."""
        items, _ = sort_out([asked(name, lane="auto", problem=a_problem(nodes=nodes))], None, refusals=True)
        before = set(self.store.database.events)
        await self.consumer.on_messages(items, Batch([item for item in items if isinstance(item, Received)]))
        (job_id,) = set(self.store.database.events) - before
        found: dict[str, Any] = orjson.loads(self.store.database.events[job_id][1].data)
        return found


async def a_plane() -> Plane:
    plane = Plane()
    await plane.store.add_tenant("acme", NOW)
    return plane


async def test_jobs_are_planned_by_the_active_policy_within_its_staleness() -> None:
    plane = await a_plane()

    before = await plane.plan_of("1")
    await plane.publish(BATCHES)
    within = await plane.plan_of("2")
    plane.wait(STALE_S)
    after = await plane.plan_of("3")
    await PolicyRegister(plane.store, plane.clock).roll_back(**WHY)
    plane.wait(STALE_S)
    back = await plane.plan_of("4")

    assert [each["policy_version"] for each in (before, within, after, back)] == [
        "routing/2", "routing/2", "frugal/1", "routing/2",
    ]  # fmt: skip
    assert (after["rule"], after["trace"], "policy_digest" in after) == ("all", "1", True)
    assert "policy_digest" not in back


async def test_the_register_is_read_by_the_clock_and_not_by_the_job() -> None:
    plane = await a_plane()
    for number in range(5):
        await plane.plan_of(str(number))

    assert plane.store.reads == 1


async def test_only_what_the_policy_asks_is_recorded_and_a_bucket_is_stable() -> None:
    plane = await a_plane()
    await plane.publish(SPLIT)

    plans = [await plane.plan_of(f"{nodes}", nodes) for nodes in range(6, 26)]
    again = await plane.plan_of("again", 6)

    assert not any("tenant" in each["inputs"] for each in plans)
    assert {each["rule"] for each in plans} == {"canary", "otherwise"}
    assert all((each["inputs"]["bucket"] < 5000) == (each["rule"] == "canary") for each in plans)
    assert (again["inputs"], again["rule"]) == (plans[0]["inputs"], plans[0]["rule"])
    assert plans[0]["inputs"]["bucket"] in range(10_000)
    assert bucket_of("s", "acme", "p") != bucket_of("s", "globex", "p")


async def test_a_policy_of_a_newer_release_is_named_and_the_one_before_it_goes_on() -> None:
    plane = await a_plane()
    await plane.publish(BATCHES)
    newer = PolicyPublished(version="later/1", document={"policy": "later", "later": True}, digest="d", **WHY)
    told = await PolicyRegister(plane.store, plane.clock).policies()
    active = orjson.dumps({"version": "later/1", "replaces": "frugal/1", **WHY})
    new = new_events(REGISTER_ID, told.version, [newer], NOW)
    new += (
        new[0]._replace(
            id=plane.store.database.events[REGISTER_ID][0].id, type="PolicyActivated", data=active.decode()
        ),
    )
    append = Append(REGISTER_ID, OPERATOR, told.version, new, Head(HEAD_STATE), category=CATEGORY)
    assert await plane.store.append([append]) == [True]

    planned = await plane.plan_of("1")
    unread = await plane.keeper.standing()
    plane.wait(STALE_S)
    await PolicyRegister(plane.store, plane.clock).activate("routing/2", **WHY)
    mended = await plane.plan_of("2")

    assert unread is not None
    assert (planned["policy_version"], unread.code, unread.warning) == ("frugal/1", "policy_unread", True)
    assert (mended["policy_version"], plane.keeper.unread) == ("routing/2", None)


async def test_an_event_of_a_newer_release_stops_no_plan() -> None:
    plane = await a_plane()
    await plane.publish(BATCHES)
    told = await PolicyRegister(plane.store, plane.clock).policies()
    stored = plane.store.database.events[REGISTER_ID][0]
    strange = stored._replace(version=told.version + 1, type="PolicyLent", data="{}")
    plane.store.database.events[REGISTER_ID].append(strange)

    planned = await plane.plan_of("1")
    plane.wait(STALE_S)
    again = await plane.plan_of("2")
    unread = await plane.keeper.standing()

    assert (planned["policy_version"], again["policy_version"]) == ("frugal/1", "frugal/1")
    assert unread is not None
    assert (unread.code, unread.detail.partition(" cannot")[0]) == (
        "policy_unread", f"Version {told.version + 1} of the register of policies (PolicyLent)",
    )  # fmt: skip


async def test_two_planes_during_a_switch_use_either_version_and_each_job_says_which() -> None:
    early, late = await a_plane(), await a_plane()
    late.store.database = early.store.database
    await asyncio.gather(early.plan_of("0"), late.plan_of("00"))
    await early.publish(BATCHES)
    early.wait(STALE_S)

    first, second = await early.plan_of("1"), await late.plan_of("2")

    assert (first["policy_version"], second["policy_version"]) == ("frugal/1", "routing/2")
