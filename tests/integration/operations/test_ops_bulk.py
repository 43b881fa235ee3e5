"""`queuebit ops jobs invalidate`, `rerun`, `cancel`, `reprioritise`, `reroute` and `ops operations` on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from queuebit_contracts import events as ev
from queuebit_contracts.failures import FailureCode
from queuebit_contracts.ids import attempt_id_of, derive_id
from queuebit_contracts.jobs import Confidence, ConfidencePart, Lane, Ran
from queuebit_control_plane.handler import CommandHandler, InboundCommand
from queuebit_control_plane.release.waker import Waker
from queuebit_domain.job.codec import fold, read_event
from queuebit_domain.job.messages import Message, Wake
from queuebit_domain.job.state import OpenJob
from queuebit_domain.release.shares import Order, Queue, Shares
from queuebit_runtime.clock import SystemClock
from queuebit_store.leadership.port import Lease
from queuebit_store.log.new_events import new_events
from queuebit_store.ports import Append
from queuebit_store.postgres import PostgresStore
from tests.builders import NOW, a_failure, a_submit, a_success, a_verdict
from tests.fakes.histories import LEG, a_job_id, tell_jobs
from tests.integration.operations.conftest import QUEUEBIT, Ops
from tests.integration.operations.world import World

WHY = ("--reason", "wrong since the upgrade", "--actor", "alice")
BY_BACKEND = ("--backend", "test", "--since", NOW.isoformat(), "--until", (NOW + timedelta(minutes=5)).isoformat())


async def test_suspect_answers_are_counted_frozen_invalidated_and_asked_again(
    ops: Ops, postgres_store: PostgresStore
) -> None:
    bad = await tell_jobs(postgres_store, range(120))
    later = await tell_jobs(postgres_store, range(5), began_at=NOW + timedelta(hours=1))

    shown = await ops("jobs", "invalidate", *BY_BACKEND, "--requeue", "--json")
    frozen = shown.document["operation"]
    meanwhile = await tell_jobs(postgres_store, range(200, 203))
    first = await ops("operations", "resume", frozen, "--limit", "50", *WHY, "--json")
    rest = await ops("operations", "resume", frozen, *WHY, "--json")
    over = await ops("operations", "resume", frozen, *WHY)
    listed = await ops("operations", "list", "--json")

    assert (shown.code, shown.document["targets"], shown.document["state"]) == (0, 120, "frozen")
    assert f"queuebit ops operations resume {frozen}" in shown.err
    assert (first.code, first.document["state"], first.document["done"]) == (0, "stopped", 50)
    assert (rest.document["state"], rest.document["outcomes"]) == ("done", {"invalidated": 120})
    assert over.code == 6
    assert [each["operation"] for each in listed.document["operations"]] == [frozen]
    stories = await postgres_store.load([*bad, *meanwhile, *later])
    assert [stories[each][-1].type for each in bad] == ["JobInvalidated"] * 120
    assert {stories[each][-1].type for each in [*meanwhile, *later]} == {"JobCompleted"}
    event = read_event(stories[bad[0]][-1])
    assert isinstance(event, ev.JobInvalidated)
    assert (event.actor, event.reason, event.ran.backend) == ("alice", "wrong since the upgrade", "test")
    assert event.replaced_by is not None
    again = (await postgres_store.load([event.replaced_by]))[event.replaced_by]
    assert [each.type for each in again] == ["JobSubmitted", "JobPlanned"]
    asked = read_event(again[0])
    assert isinstance(asked, ev.JobSubmitted)
    assert asked.parent is not None
    assert (asked.parent.job_id, asked.parent.role, str(asked.parent.operation)) == (bad[0], "rerun", frozen)


async def test_it_acts_only_when_it_is_told_to_with_a_reason(ops: Ops, postgres_store: PostgresStore) -> None:
    (done,) = await tell_jobs(postgres_store, [1])
    (still,) = await tell_jobs(postgres_store, [2], then=[])

    unreasoned = await ops("jobs", "cancel", "--tenant", "acme", "--apply")
    unnamed = await ops("jobs", "cancel", "--apply", *WHY)
    cancelled = await ops("jobs", "cancel", "--tenant", "acme", "--apply", *WHY, "--json")
    none = await ops("jobs", "rerun", "--backend", "nobody", "--apply", *WHY)
    rerun = await ops("jobs", "rerun", str(done), "--lane", "rule", "--apply", *WHY, "--json")

    assert (unreasoned.code, "A reason is needed to act." in unreasoned.err) == (2, True)
    assert (unnamed.code, "No job is named." in unnamed.err) == (2, True)
    assert (cancelled.code, cancelled.document["outcomes"]) == (0, {"cancelled": 1})
    assert (none.code, "0 jobs, frozen" in none.err) == (0, True)
    assert (rerun.code, rerun.document["outcomes"]) == (0, {"asked again": 1})
    states = {row.stream_id: row.head.state for row in (await postgres_store.heads([done, still])).values()}
    assert states == {done: "completed", still: "cancelled"}


async def test_an_operation_is_shown_and_cancelled(ops: Ops, postgres_store: PostgresStore) -> None:
    jobs = await tell_jobs(postgres_store, range(3))

    frozen = (await ops("jobs", "invalidate", *BY_BACKEND, "--json")).document["operation"]
    targets = await ops("operations", "show", frozen, "--targets")
    gone = await ops("operations", "cancel", frozen, *WHY)
    resumed = await ops("operations", "resume", frozen, *WHY)
    unknown = await ops("operations", "show", str(jobs[0]))

    assert targets.out.split() == sorted(str(each) for each in jobs)
    assert (gone.code, "cancelled" in gone.out) == (0, True)
    assert (resumed.code, "The operation is cancelled." in resumed.err) == (6, True)
    assert unknown.code == 3


async def test_a_job_is_forked_compared_and_its_backend_surveyed(ops: Ops, postgres_store: PostgresStore) -> None:
    first, second = await tell_jobs(postgres_store, [1, 2])

    forked = await ops("jobs", "fork", str(first), "--lane", "rule", "--param", "layers=2", *WHY, "--json")
    behind = await ops("jobs", "fork", str(first), "--at", "5", "--lane", "rule", *WHY)
    same = await ops("jobs", "compare", str(first), str(second))
    pending = await ops("jobs", "compare", forked.document["job"])
    surveyed = await ops("jobs", "survey", "--since", NOW.isoformat(), "--json")

    assert forked.code == 0
    story = (await postgres_store.load([UUID(forked.document["job"])]))[UUID(forked.document["job"])]
    submitted = read_event(story[0])
    assert isinstance(submitted, ev.JobSubmitted)
    assert (submitted.request.lane, submitted.request.params) == ("rule", {"layers": 2})
    assert (behind.code, "Fork before it: --at 1" in behind.err) == (2, True)
    assert (same.code, "objective 6 both times" in same.out) == (0, True)
    assert (pending.code, pending.out.startswith("pending")) == (1, True)
    (stretch,) = surveyed.document["stretches"]
    assert (stretch["backend"], stretch["answers"], stretch["mean_gap"]) == ("test", 2, 0.0)


async def test_work_that_nobody_began_is_recalled_behind_a_pause(ops: Ops, postgres_store: PostgresStore) -> None:
    (out,) = await tell_jobs(postgres_store, [1], then=[])

    early = await ops("jobs", "recall", "--tenant", "acme", "--apply", *WHY, "--json")
    await ops("pause", *WHY)
    late = await ops("jobs", "recall", "--tenant", "acme", "--apply", *WHY, "--json")

    assert (early.document["outcomes"], late.document["outcomes"]) == ({"nothing to do": 1}, {"recalled": 1})
    assert (await postgres_store.heads([out]))[out].head.state == "held"


async def _improved(store: PostgresStore, job_id: UUID, story: list[Message]) -> UUID:
    """A job that completed without a proof, and whose better answer, later, has that of this story."""
    execution, verdict = story
    assert isinstance(execution, ev.ExecutionSucceeded)
    assert isinstance(verdict, ev.ResultValidated)
    (told,) = await tell_jobs(
        store,
        [6],
        then=[
            a_success(attempt_id=execution.attempt_id),
            a_verdict(attempt_id=execution.attempt_id, proven_optimal=False),
        ],
    )
    assert told == job_id
    later = attempt_id_of(job_id, "later", 1)
    better = ev.JobImproved(
        answer=execution.answer,
        objective=6,
        previous_objective=5,
        verdict="accepted",
        confidence=verdict.confidence,
        leg="later",
        attempt_id=later,
        ran=execution.ran,
    )
    stored = (await store.load([job_id]))[job_id]
    row = (await store.heads([job_id]))[job_id]
    events = [verdict.model_copy(update={"attempt_id": later, "leg": "later"}), better]
    new = new_events(job_id, len(stored), events, NOW, epoch=store.epoch)
    assert await store.append([Append(job_id, row.tenant, len(stored), new, row.head)]) == [True]
    return job_id


async def test_what_rests_on_the_proof_of_a_solver_is_recalled(ops: Ops, postgres_store: PostgresStore) -> None:
    def proved(nth: int, detail: str, version: str = "9.15", **changes: Any) -> tuple[UUID, list[Message]]:
        job_id = a_job_id(nth)
        attempt_id = attempt_id_of(job_id, LEG, 1)
        part = ConfidencePart(name="optimality", value=1.0, weight=1.0, detail=detail)
        ran = Ran(lane="classical", method="CP-SAT", backend="or-tools", backend_version=version)
        verdict = a_verdict(attempt_id=attempt_id, confidence=Confidence(value=1.0, parts=(part,)), **changes)
        return job_id, [a_success(attempt_id=attempt_id, ran=ran), verdict]

    told = [
        proved(1, "proved by CP-SAT of or-tools 9.15"),
        proved(2, "proved by CP-SAT of or-tools 9.14", "9.14"),
        proved(3, "proved"),
        proved(4, "gap 2 %", proven_optimal=False),
        proved(5, "$sealed:v1.token"),
    ]
    by_solver, older, by_the_validator, unproved, sealed = [
        (await tell_jobs(postgres_store, [nth], then=story))[0] for nth, (_, story) in enumerate(told, 1)
    ]
    improved = await _improved(postgres_store, *proved(6, "proved by CP-SAT of or-tools 9.15"))
    recall = ("proofs", "recall", "--solver", "CP-SAT", "--version", "9.15")
    of_backend = ("jobs", "invalidate", "--kind", "maxcut", "--json", "--backend")

    by_backend = await ops(*of_backend, "or-tools", "--solver-version", "9.15")
    by_the_one_before = await ops(*of_backend, "test")
    shown = await ops.beside(*recall, "--json")
    unreasoned = await ops.beside(*recall, "--apply")
    done = await ops.beside(*recall, "--requeue", "--apply", *WHY, "--json")
    again = await ops.beside("proofs", "recall", "--solver", "or-tools", "--kind", "maxcut", "--json")

    assert by_backend.document["targets"] == 5, "all but the one of the other version, the better answer too"
    assert by_the_one_before.document["targets"] == 0, "what answered before the better answer does not count any more"
    assert (shown.code, shown.document["targets"], shown.document["state"]) == (0, 3, "frozen")
    assert (unreasoned.code, "A reason is needed to act." in unreasoned.err) == (2, True)
    assert done.document["outcomes"] == {"invalidated": 3}
    stories = await postgres_store.load([by_solver, older, by_the_validator, unproved, sealed, improved])
    last = {each: stories[each][-1] for each in stories}
    assert {each for each in last if last[each].type == "JobInvalidated"} == {by_solver, sealed, improved}
    event = read_event(last[by_solver])
    assert isinstance(event, ev.JobInvalidated)
    assert (event.reason, event.replaced_by is not None) == ("wrong since the upgrade", True)
    assert again.document["targets"] == 1, "only the one of the other version counts still"


async def test_what_was_called_infeasible_by_a_solver_is_asked_again(ops: Ops, postgres_store: PostgresStore) -> None:
    def refuted(nth: int, whose: str, code: FailureCode = FailureCode.PROBLEM_INFEASIBLE) -> list[Message]:
        attempts = {leg: attempt_id_of(a_job_id(nth), leg, 1) for leg in (LEG, "fallback-rule")}
        detail = f"No answer satisfies the constraints ({whose})."
        return [
            a_failure(attempt_id=attempts[LEG], code=code, detail=detail),
            a_failure("fallback-rule", attempt_id=attempts["fallback-rule"]),
        ]

    told = [
        refuted(1, "CP-SAT of ortools 9.15.1; and HiGHS of highspy 1.12.0"),
        refuted(2, "CP-SAT of ortools 9.15; and exact branching over these"),
        refuted(3, "CP-SAT of ortools 9.15, and again without presolve"),
        refuted(4, "CP-SAT of ortools 9.15", FailureCode.NO_ANSWER_FOUND),
    ]
    jobs = [(await tell_jobs(postgres_store, [nth], then=story))[0] for nth, story in enumerate(told, 1)]
    ended = {each: events[-1].type for each, events in (await postgres_store.load(jobs)).items()}
    recall = ("proofs", "recall", "--infeasible", "--solver")

    counted = [
        (await ops.beside(*recall, *which, "--json")).document["targets"]
        for which in (("ortools",), ("ortools", "--version", "9.15"), ("highspy", "--version", "1.12.0"), ("other",))
    ]
    done = await ops.beside(*recall, "CP-SAT", "--version", "9.15", "--apply", *WHY, "--json")

    assert {ended[each] for each in jobs[:3]} == {"JobFailed"}
    assert counted == [3, 2, 1, 0]
    assert done.document["outcomes"] == {"asked again": 2}


class _Lead:
    lease = Lease("relay", "one", 1, 3.0)


class _Full:
    """A control plane both of whose lanes a tenant has filled, so that all that it asks for waits for its turn."""

    def __init__(self, world: World) -> None:
        self.world, self.clock = world, SystemClock()
        self.shares = Shares({"classical": 0.001, "simulator": 0.001})
        self.handler = CommandHandler(world.store, self.clock, appended=lambda: None, shares=self.shares)
        self.waker = Waker(world.store, self.handler, self.shares, _Lead(), self.clock)
        for nth, lane in enumerate(("classical", "simulator")):
            order = Order("acme", Queue(lane, "interactive"), "tsp", 10_000, 10_000, 9.0)  # type: ignore[arg-type]
            self.shares.let_out(UUID(int=nth), UUID(int=nth), order, self.clock.now())

    async def submit(self, nth: int, lane: Lane = "classical") -> UUID:
        job_id = a_job_id(nth, self.clock.now())
        asked = InboundCommand(job_id, a_submit(lane, job_id=job_id), derive_id(job_id, "asked"), "acme")
        assert await self.handler.handle([asked]) == []
        return job_id

    async def wake_who_is_due(self) -> None:
        due = await self.world.store.due(self.clock.now(), limit=9)
        assert await self.handler.handle([InboundCommand(each, Wake(), derive_id(each, "due")) for each in due]) == []

    async def jobs(self, ids: list[UUID]) -> list[OpenJob]:
        stories = await self.world.store.load(ids)
        found = [fold(stories[each]) for each in ids]
        return [each for each in found if isinstance(each, OpenJob)]


async def _killed_midway(ops: Ops, plane: _Full, operation: str, jobs: list[UUID]) -> None:
    """Somebody goes on with an operation, a job a second, and is killed once it has acted. Nobody waits for their lease."""
    process = await asyncio.create_subprocess_exec(
        QUEUEBIT, "ops", "operations", "resume", operation, "--rate", "1", *WHY,
        env=ops.env, stdin=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    loop = asyncio.get_running_loop()
    deadline = loop.time() + 60
    while not any(job.priority for job in await plane.jobs(jobs)):
        assert loop.time() < deadline, "nothing was done"
        await asyncio.sleep(0.01)
    process.kill()
    await process.wait()
    await plane.world.admin.execute("DELETE FROM lease WHERE name LIKE 'operation/%'")


async def test_who_waits_for_a_turn_is_put_first_once_though_whoever_does_it_is_killed(
    ops: Ops, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given jobs that wait, of which the younger are frozen to be put first, when one process is killed over it and another
    goes on, then each of them says so once, and the first of them goes before the oldest.
    """
    plane = _Full(world)
    oldest = await plane.submit(1)
    first = [await plane.submit(nth) for nth in (2, 3, 4)]

    shown = await ops("jobs", "reprioritise", *map(str, first), "--priority", "5", "--json")
    untouched = [job.priority for job in await plane.jobs(first)]
    await _killed_midway(ops, plane, shown.document["operation"], first)
    rest = await ops("operations", "resume", shown.document["operation"], *WHY, "--json")

    assert (shown.document["state"], shown.document["targets"], untouched) == ("frozen", 3, [0, 0, 0])
    assert (rest.document["state"], sum(rest.document["outcomes"].values())) == ("done", 3)
    assert set(rest.document["outcomes"]) <= {"reprioritised", "nothing to do"}
    assert [job.priority for job in await plane.jobs([oldest, *first])] == [0, 5, 5, 5]
    stories = await world.store.load([oldest, *first])
    told = {job_id: Counter(each.type for each in stories[job_id])["JobHeld"] for job_id in stories}
    assert told == {oldest: 1, **dict.fromkeys(first, 2)}

    monkeypatch.setattr("queuebit_control_plane.release.waker.AT_ONCE_MAX", 1)
    plane.shares.ended(UUID(int=0), None, plane.clock.now())
    await plane.waker.step()
    await world.relay()

    after = await world.store.load([oldest, *first])
    assert [after[each][-1].type for each in (oldest, *first)] == ["JobHeld", "JobQueued", "JobHeld", "JobHeld"]
    assert (await ops("verify", "--json")).document["findings"] == []


async def test_who_waits_for_a_lane_goes_on_by_its_plan_on_the_one_that_is_named(ops: Ops, world: World) -> None:
    """Given a job that waits for the simulator with the classical lane behind, and one that waits for that with a rule behind,
    then the first alone goes on, at once, and waits for its turn there as all others do.
    """
    plane = _Full(world)
    stays, goes = await plane.submit(1), await plane.submit(2, "simulator")

    shown = await ops("jobs", "reroute", "--tenant", "acme", "--lane", "classical", "--json")
    await plane.wake_who_is_due()
    untouched = await world.store.load([stays, goes])
    done = await ops("operations", "resume", shown.document["operation"], *WHY, "--json")
    again = await ops("jobs", "reroute", str(goes), "--lane", "simulator", "--apply", *WHY, "--json")
    await plane.wake_who_is_due()
    await world.relay()

    assert [untouched[each][-1].type for each in (stays, goes)] == ["JobHeld", "JobHeld"]
    assert done.document["outcomes"] == {"rerouted": 1, "refused, its plan goes to the rule lane next": 1}
    assert sum(again.document["outcomes"].values()) == 1
    assert "rerouted" not in again.document["outcomes"]
    after = await world.store.load([stays, goes])
    assert after[stays] == untouched[stays]
    gave_up, fallback, last = after[goes][len(untouched[goes]) :]
    assert [each.type for each in (gave_up, fallback, last)] == ["AttemptAbandoned", "FallbackTaken", "JobHeld"]
    assert json.loads(gave_up.data)["reason"] == "rerouted to the classical lane by alice: wrong since the upgrade"
    assert json.loads(last.data)["lane"] == "classical"
    assert (await ops("verify", "--json")).document["findings"] == []
