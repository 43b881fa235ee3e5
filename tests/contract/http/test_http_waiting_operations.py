"""Over HTTP what waits for its turn goes before others of its tenant, or on elsewhere by its plan, as from a terminal."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from queuebit_contracts.events import BackendStatusReported
from queuebit_contracts.ids import derive_id
from queuebit_contracts.jobs import Lane
from queuebit_control_plane.handler import CommandHandler, InboundCommand
from queuebit_domain.release.shares import Order, Queue, Shares
from queuebit_store.backends.port import ReportedBackend
from tests.builders import a_submit
from tests.contract.http.running_gateway import RunningGateway
from tests.contract.http.told_operators import a_worker, waiting
from tests.fakes.histories import a_job_id


async def a_waiting_job(world: RunningGateway, lane: Lane) -> UUID:
    """One whose tenant has its share of the lane out."""
    shares, now = Shares({lane: 1.0}), world.clock.now()
    shares.let_out(UUID(int=1), UUID(int=1), Order("acme", Queue(lane, "interactive"), "tsp", 9_999, 9_999, 9.0), now)
    handler = CommandHandler(world.store, world.clock, appended=lambda: None, shares=shares)
    job_id = a_job_id(1)
    asked = InboundCommand(job_id, a_submit(lane, job_id=job_id), derive_id(job_id, "asked"), "acme")
    assert await handler.handle([asked]) == []
    return job_id


async def done(world: RunningGateway, body: dict[str, Any]) -> dict[str, Any]:
    """The operation, prepared and started by an operator's key and carried on beside the gateway."""
    headers = await world.headers("ops", "operator")
    frozen = (await world.http.post("/v1/operations", json=body, headers=headers)).json()
    path = f"/v1/operations/{frozen['id']}"
    started = await world.http.post(f"{path}/start", json={"reason": "A customer waits."}, headers=headers)
    assert started.status_code == 202, started.text
    await a_worker(world).step()
    found: dict[str, Any] = (await world.http.get(path, headers=headers)).json()
    return found


async def last_of(world: RunningGateway, job_id: UUID) -> tuple[str, dict[str, Any]]:
    stored = (await world.store.load([job_id]))[job_id][-1]
    return stored.type, json.loads(stored.data)


async def test_what_waits_has_the_priority_and_says_which_key_gave_it(world: RunningGateway) -> None:
    job_id = await a_waiting_job(world, "classical")
    (out,) = await waiting(world, 1)
    ended = await done(world, {"verb": "jobs reprioritise", "jobs": [str(job_id), out], "priority": 5})
    kind, told = await last_of(world, job_id)

    assert (ended["state"], ended["arguments"]) == ("done", {"priority": "5"})
    assert ended["outcomes"] == {"reprioritised": 1, "refused, it is queued": 1}
    assert (kind, told["priority"], told["reason"]) == ("JobHeld", 5, "A customer waits.")
    assert told["actor"] == ended["actor"]


async def test_what_waits_goes_on_where_its_plan_does_and_nowhere_else(world: RunningGateway) -> None:
    job_id = await a_waiting_job(world, "simulator")
    refused = await done(world, {"verb": "jobs reroute", "jobs": [str(job_id)], "lane": "quantum"})
    stands, _ = await last_of(world, job_id)
    ended = await done(world, {"verb": "jobs reroute", "jobs": [str(job_id)], "lane": "classical"})
    kind, told = await last_of(world, job_id)

    assert refused["outcomes"] == {"refused, its plan goes to the classical lane next": 1}
    assert (stands, ended["outcomes"], kind) == ("JobHeld", {"rerouted": 1}, "AttemptAbandoned")
    assert told["reason"] == f"rerouted to the classical lane by {ended['actor']}: A customer waits."


async def test_what_waits_goes_to_another_backend_where_that_is_there_and_may_be_used(world: RunningGateway) -> None:
    job_id = await a_waiting_job(world, "simulator")
    body = {"verb": "jobs reroute", "jobs": [str(job_id)]}
    nowhere = await done(world, {**body, "to_backend": "aer-large"})
    now = world.clock.now()
    for backend, lane in (("aer-large", "simulator"), ("qpu", "quantum")):
        status = BackendStatusReported(backend=backend, lane=lane, available=True)
        await world.store.keep_reports([ReportedBackend(backend, now, status.model_dump(mode="json"))])

    refused = await done(world, {**body, "to_backend": "qpu"})
    ended = await done(world, {**body, "to_backend": "aer-large"})
    kind, told = await last_of(world, job_id)
    both = await world.http.post(
        "/v1/operations",
        json={**body, "to_backend": "aer-large", "lane": "classical"},
        headers=await world.headers("ops", "operator"),
    )

    assert (nowhere["state"], "aer-large" in str(nowhere)) == ("stopped", True)
    assert refused["outcomes"] == {"refused, it asks for the simulator lane": 1}
    assert (ended["outcomes"], kind) == ({"rerouted": 1}, "JobPlanned")
    assert told["reasons"][-1] == f"rerouted to aer-large by {ended['actor']}: A customer waits."
    assert told["legs"][0]["params"] == {"backend": "aer-large"}
    assert both.status_code == 422


@pytest.mark.parametrize("role", ["submitter", "viewer"])
async def test_who_runs_no_operations_changes_nobodys_place(world: RunningGateway, role: str) -> None:
    body = {"verb": "jobs reprioritise", "jobs": [str(a_job_id(1))], "priority": 5}
    answer = await world.http.post("/v1/operations", json=body, headers=await world.headers("acme", role))

    assert answer.status_code == 403
