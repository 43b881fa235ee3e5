"""All five services in this process on the memory ports, in virtual time, asked over HTTP by keys of several people."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx2

from queuebit_contracts.policy import PolicyDocument
from queuebit_gateway.access.authentication import DUTY, Role, row_of
from queuebit_operations.policies.register import PolicyRegister
from queuebit_runtime.ids import SeededIds
from queuebit_runtime.processes.hops import directly
from queuebit_runtime.processes.pool import InlinePool
from queuebit_store.directory.keys import make_key
from queuebit_workbench.world import PEPPER, World
from tests.contract.http.running_gateway import a_body
from tests.simulation.virtual import BEGIN, VirtualClock, run_virtual

T = TypeVar("T")
WHY = {"actor": "ada", "reason": "a trial"}
PATIENCE_S = 600.0


@dataclass
class WholeWorld:
    """The services, and a client. People have a key each, by their name."""

    world: World
    clock: VirtualClock
    ids: SeededIds
    http: httpx2.AsyncClient
    keys: dict[str, str] = field(default_factory=dict)

    async def person(self, name: str, role: Role = "submitter", *duties: str, tenant: str = "acme") -> None:
        """Give somebody a key."""
        nth = len(self.keys) + 1
        self.keys[name] = text = make_key(nth, 10**60 + nth)
        store = self.world.store()
        await store.add_tenant(tenant, BEGIN)
        scopes = [f"{DUTY}{each}" for each in duties]
        await store.add_key(row_of(text, PEPPER, tenant, role, BEGIN, scopes=scopes))

    async def plan_by(self, document: PolicyDocument) -> None:
        """Let jobs be planned by this policy."""
        register = PolicyRegister(self.world.store(), self.clock)
        version, _ = await register.publish(document, **WHY)
        await register.activate(version, **WHY)
        await self.clock.sleep(1.0)

    async def ask(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """What the gateway answers this person."""
        found = await self.http.request(
            method, path, json=body, headers={"Authorization": f"Bearer {self.keys[who]}", **headers}
        )
        return found.status_code, found.json()

    async def submit(self, who: str, **changes: Any) -> str:
        """A job of this person, once its first event is there: its id."""
        key = str(self.ids.mint())
        status, job = await self.ask(who, "POST", "/v1/jobs", a_body(**changes), **{"Idempotency-Key": key})
        assert status == 202, job
        job_id: str = job["id"]
        while (await self.ask(who, "GET", f"/v1/jobs/{job_id}"))[1]["version"] == 0:
            await self.clock.sleep(0.1)
        return job_id

    async def until(self, who: str, job_id: str, wanted: Callable[[Any], bool]) -> Any:
        """The job once it is so."""
        async with asyncio.timeout(PATIENCE_S):
            while not wanted(job := (await self.ask(who, "GET", f"/v1/jobs/{job_id}?include=events"))[1]):
                await self.clock.sleep(0.1)
        return job


def in_the_whole_world(story: Callable[[WholeWorld], Awaitable[T]]) -> T:
    """Tell a story among running services."""

    async def told() -> T:
        clock = VirtualClock()
        ids = SeededIds(clock, 1)
        world = World(clock, ids, InlinePool(), hop=directly, poll_interval_s=0.05)
        await world.start()
        assert world.app is not None
        transport = httpx2.ASGITransport(world.app)
        try:
            async with httpx2.AsyncClient(transport=transport, base_url="http://queuebit.local") as http:
                return await story(WholeWorld(world, clock, ids, http))
        finally:
            await world.stop()

    return run_virtual(told())
