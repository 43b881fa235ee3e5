"""Those outside: upstream services on Kafka, callers over HTTP, and somebody who tries the doors of other tenants."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import orjson

from queuebit_contracts import channels
from queuebit_gateway.access.authentication import row_of
from queuebit_runtime.bus.port import Outgoing
from queuebit_store.directory.keys import make_key
from queuebit_workbench.world import PEPPER, World
from tests.simulation.history import History, Reply
from tests.simulation.plan import LATECOMER, TENANTS, Ask, Poison, Withdrawal
from tests.simulation.poison import poison_headers
from tests.simulation.process import Killed, Process
from tests.simulation.virtual import BEGIN
from tests.simulation.weather import Weather

AGAIN_S = 0.3
LIFE = timedelta(days=1)


class Clients:
    """Each asks until it is answered, as ours does."""

    def __init__(self, world: World, weather: Weather, processes: dict[str, Process], history: History) -> None:
        self._world = world
        self._weather = weather
        self._processes = processes
        self._history = history
        self._keys = {tenant: make_key(1 + nth, 10**60 + nth) for nth, tenant in enumerate(TENANTS)}

    async def prepare(self) -> None:
        """The tenants and their API keys."""
        store = self._world.store()
        for tenant, key in self._keys.items():
            await store.add_tenant(tenant, BEGIN)
            await store.add_key(row_of(key, PEPPER, tenant, "submitter", BEGIN, LIFE))

    def begin(self) -> list[asyncio.Task[None]]:
        """Everything that the plan says, each at its time."""
        plan = self._history.plan
        later = [
            self._later(each.at_s + nth * 0.1, self._ask(each, nth)) for each in plan.asks for nth in range(each.copies)
        ]
        later.append(self._later(plan.size.latecomer_at_s, self._world.store().add_tenant(LATECOMER, BEGIN)))
        later += [self._later(each.at_s, self._poison(each)) for each in plan.poison]
        later += [self._later(each.at_s, self._withdraw(each)) for each in plan.withdrawals]
        return [asyncio.ensure_future(each) for each in later]

    async def pry(self) -> None:
        """Read every job as a stranger, and count each tenant's list."""
        for row in list(self._world.database.streams.values()):
            for tenant in TENANTS:
                if tenant != row.tenant and row.head.state != "rejected":
                    reply = await self._request("GET", f"/v1/jobs/{row.stream_id}", tenant)
                    if reply.status_code != 404:
                        self._history.leaks.append(f"{tenant} reads job {row.stream_id} of {row.tenant}")
        for tenant in TENANTS:
            reply = await self._request("GET", "/v1/jobs?limit=100", tenant)
            ids = {each["id"] for each in reply.json()["data"]}
            own = {str(row.stream_id) for row in self._world.database.streams.values() if row.tenant == tenant}
            if not ids <= own or len(ids) != min(100, len(own)):
                self._history.leaks.append(f"the list of {tenant} has {len(ids)} jobs, of {len(own)}")

    async def _later(self, at_s: float, work: Coroutine[Any, Any, None]) -> None:
        await self._weather.clock.sleep(at_s)
        await work

    async def _ask(self, ask: Ask, copy: int) -> None:
        if ask.entrance == "kafka":
            await self._publish(ask.record(copy))
            return
        body = {name: value for name, value in ask.request.items() if name != "tenant"} | ask.saga
        assert ask.key is not None
        headers = {"Idempotency-Key": ask.key, **({"Prefer": f"wait={ask.wait_s}"} if ask.wait_s else {})}
        reply = await self._request("POST", "/v1/jobs", ask.tenant, body, headers)
        document = reply.json()
        job_id = UUID(document["id"]) if reply.status_code == 202 else None
        self._history.replies.append(Reply(ask, reply.status_code, str(document.get("code", "")), job_id))

    async def _withdraw(self, wish: Withdrawal) -> None:
        job_id = self._history.job_of(wish.ask)
        if job_id is None:
            return
        self._history.fired[f"withdrawn over {wish.entrance}"] += 1
        if wish.entrance == "http":
            await self._request("POST", f"/v1/jobs/{job_id}/cancel", wish.tenant, {"reason": "changed my mind"})
            return
        headers = poison_headers(wish.event_id, "io.queuebit.CancelJob.v1", str(job_id))
        headers.append(("ce_tenant", wish.tenant.encode()))
        value = orjson.dumps({"actor": wish.tenant, "reason": "changed my mind"})
        await self._publish(Outgoing(channels.CONTROL, str(job_id).encode(), value, headers))

    async def _poison(self, poison: Poison) -> None:
        self._history.fired["poison"] += 1
        await self._publish(poison.record)
        for later_s, record in poison.followers:
            await self._weather.clock.sleep(later_s)
            self._history.fired["poison_followed"] += 1
            await self._publish(record)

    async def _publish(self, record: Outgoing) -> None:
        """As any producer: again, where it is not known to be written."""
        while True:
            await self._weather.delay()
            if not self._weather.strikes("publish_not_written"):
                self._world.broker.append([record])
                if not self._weather.strikes("publish_written_but_not_acknowledged"):
                    return
            await self._weather.clock.sleep(AGAIN_S)

    async def _request(
        self, method: str, path: str, tenant: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> httpx2.Response:
        """Ask the gateway that is there, again and again while it is away or says that it cannot now."""
        authorised = {"Authorization": f"Bearer {self._keys[tenant]}", **(headers or {})}
        while True:
            await self._weather.delay()
            app = self._world.app
            if app is not None:
                async with httpx2.AsyncClient(
                    transport=httpx2.ASGITransport(app), base_url="http://queuebit.local"
                ) as client:
                    try:
                        reply = await self._processes["gateway"].run(
                            client.request(method, path, json=body, headers=authorised)
                        )
                    except Killed:
                        self._history.fired["connection_lost"] += 1
                    else:
                        if reply.status_code not in (429, 503):
                            return reply
            await self._weather.clock.sleep(AGAIN_S)
