"""`queuebit ops jobs reprioritise` and `reroute`: which waiting jobs go first or elsewhere, and what is refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest

from queuebit_client.cli.exit_codes import ExitCode
from queuebit_contracts.ids import derive_id
from queuebit_contracts.jobs import Lane
from queuebit_control_plane.handler import CommandHandler, InboundCommand
from queuebit_domain.job.codec import fold
from queuebit_domain.job.state import OpenJob
from queuebit_domain.release.shares import Order, Queue, Shares
from queuebit_operations.bulk.store import Operations
from queuebit_operations.connections import store as connections
from queuebit_operations.verbs import jobs_waiting
from queuebit_store.memory import MemoryDatabase, MemoryStore
from tests.builders import NOW, a_submit
from tests.fakes.clocks import StoppedClock
from tests.fakes.histories import a_job_id, cancelled, tell_jobs
from tests.fakes.moved_clock import MovedClock


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    """The one that the verb finds."""
    found = MemoryStore(MemoryDatabase(MovedClock().monotonic_s))

    @asynccontextmanager
    async def opened(env: object) -> AsyncIterator[MemoryStore]:
        yield found

    monkeypatch.setattr(connections, "opened_store", opened)
    return found


async def a_waiting_job(store: MemoryStore, number: int, lane: Lane = "classical") -> UUID:
    """One whose tenant has its share of the lane out."""
    shares = Shares({lane: 1.0})
    order = Order("acme", Queue(lane, "interactive"), "tsp", 10_000, 10_000, 9.0)
    shares.let_out(UUID(int=1), UUID(int=1), order, NOW)
    handler = CommandHandler(store, StoppedClock(), appended=lambda: None, shares=shares)
    job_id = a_job_id(number)
    asked = InboundCommand(job_id, a_submit(lane, job_id=job_id), derive_id(job_id, "asked"), "acme")
    assert await handler.handle([asked]) == []
    return job_id


async def priority_of(store: MemoryStore, job_id: UUID) -> int:
    job = fold((await store.load([job_id]))[job_id])
    assert isinstance(job, OpenJob)
    return job.priority


async def test_it_shows_first_and_then_puts_first_what_waits_and_refuses_the_rest_by_its_state(
    store: MemoryStore, capsys: pytest.CaptureFixture[str]
) -> None:
    """Given a job that waits, one that is out and two that ended, then only the first is changed, once, however often it is
    asked for; and each of the others is told with where it stands.
    """
    waits = await a_waiting_job(store, 1)
    (out,) = await tell_jobs(store, [2], then=[])
    (done,) = await tell_jobs(store, [3])
    (gone,) = await tell_jobs(store, [4], then=cancelled(UUID(int=0)))
    jobs = [waits, out, done, gone, UUID(int=9)]

    async def asked(*, apply: bool) -> dict[str, object]:
        reason = "a customer waits" if apply else None
        flags = {"priority": 4, "apply": apply, "reason": reason, "actor": "ada", "as_json": True}
        assert await asyncio.to_thread(jobs_waiting.reprioritise, jobs, **flags) == ExitCode.OK
        told: dict[str, object] = json.loads(capsys.readouterr().out)
        return told

    shown = await asked(apply=False)
    before = await priority_of(store, waits)
    first, again = await asked(apply=True), await asked(apply=True)

    assert (shown["state"], shown["targets"], before) == ("frozen", 5, 0)
    refused = {
        "refused, it is queued": 1,
        "refused, it is completed": 1,
        "refused, it is cancelled": 1,
        "no such job": 1,
    }
    assert first["outcomes"] == {"reprioritised": 1} | refused
    assert again["outcomes"] == {"nothing to do": 1} | refused
    assert await priority_of(store, waits) == 4
    last = (await store.load([waits]))[waits][-1]
    told = json.loads(last.data)
    assert (last.type, told["actor"], told["reason"], told["priority"]) == ("JobHeld", "ada", "a customer waits", 4)
    operation = await Operations(store, MovedClock()).load(UUID(str(first["operation"])))
    assert (operation.verb, operation.arguments["priority"], operation.actor) == ("jobs reprioritise", "4", "ada")


async def test_what_waits_goes_on_by_its_plan_on_the_lane_that_is_named_and_on_no_other(
    store: MemoryStore, capsys: pytest.CaptureFixture[str]
) -> None:
    """Given a job that waits for the simulator with the classical lane behind, one that waits for the classical lane with a
    rule behind, and one that is out, then the first alone goes on, and to the classical lane alone.
    """
    waits, last = await a_waiting_job(store, 1, "simulator"), await a_waiting_job(store, 2)
    (out,) = await tell_jobs(store, [3], then=[])

    async def asked(lane: str) -> dict[str, int]:
        flags = {"lane": lane, "apply": True, "reason": "it is full", "actor": "ada", "as_json": True}
        assert await asyncio.to_thread(jobs_waiting.reroute, [waits, last, out], **flags) == ExitCode.OK
        outcomes: dict[str, int] = json.loads(capsys.readouterr().out)["outcomes"]
        return outcomes

    to_quantum = await asked("quantum")
    stands = (await store.load([waits]))[waits][-1].type
    to_classical = await asked("classical")

    refused = {"refused, its plan goes to the rule lane next": 1, "refused, it is queued": 1}
    assert to_quantum == {"refused, its plan goes to the classical lane next": 1} | refused
    assert stands == "JobHeld"
    assert to_classical == {"rerouted": 1} | refused
    told = (await store.load([waits]))[waits][-1]
    assert (told.type, json.loads(told.data)["reason"]) == (
        "AttemptAbandoned",
        "rerouted to the classical lane by ada: it is full",
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"priority": 10, "jobs": [UUID(int=1)]}, "--priority 10 is not from -9 to 9."),
        ({"priority": -10, "jobs": [UUID(int=1)]}, "--priority -10 is not from -9 to 9."),
        ({"lane": "auto", "jobs": [UUID(int=1)]}, "--lane 'auto' is none of: "),
        ({"lane": "classical"}, "No job is named."),
        ({"priority": 1}, "No job is named."),
        ({"priority": 1, "jobs": [UUID(int=1)], "tenant": "acme"}, "Jobs are named by their ids and by flags."),
        ({"priority": 1, "tenant": "acme", "tier": "fast"}, "--tier 'fast' is none of"),
        ({"priority": 1, "jobs": [UUID(int=1)], "apply": True}, "A reason is needed to act."),
    ],
)
def test_what_is_said_wrongly_is_refused_before_anybody_is_asked(
    given: dict[str, object], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QUEUEBIT_POSTGRES", raising=False)

    verb = jobs_waiting.reroute if "lane" in given else jobs_waiting.reprioritise
    assert verb(**given) == ExitCode.USAGE
    assert said in capsys.readouterr().err
