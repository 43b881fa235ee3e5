"""Senders that die under load: every webhook arrives, whoever carries it on. RESTARTS=1000 kills more of them, and another SEED
at other moments.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from queuebit_client.webhooks import verify
from queuebit_gateway.asker import Asker
from queuebit_gateway.egress.post import Egress
from queuebit_gateway.trail import Trail
from queuebit_gateway.webhooks.endpoints import Endpoints
from queuebit_gateway.webhooks.models import WebhookBody
from queuebit_gateway.webhooks.rule import Rule
from queuebit_gateway.webhooks.sealing import Sealer
from queuebit_gateway.webhooks.service import WebhookService
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.ids import SystemIds
from queuebit_store.postgres import PostgresSettings, PostgresStore
from queuebit_store.webhooks.port import Room
from tests.contract.store.a_sender import LOOPBACK, NAME, PEPPER, send
from tests.contract.store.builders import T0, an_append, an_id
from tests.fakes.hook_receiver import Hook, HookReceiver, a_hook_receiver

RESTARTS = int(os.environ.get("RESTARTS", "8"))
SEED = int(os.environ.get("SEED", "1"))
JOBS_A_RESTART = 10
LEASE_S = 0.5
LONGER_LEASE_S = 5.0
QUIET_S_MAX = 120.0
"""For so long nothing arrives before it is said that something is lost."""


class Outage:
    """Fails every seventh attempt without a word, and every eleventh with a 503; which those are is by the seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def __call__(self, _hook: Hook) -> int | None:
        drawn = self._random.random()
        return None if drawn < 1 / 7 else 503 if drawn < 1 / 7 + 1 / 11 else 200


async def _life(open_session: Callable[[], Awaitable[Any]], seconds: float) -> None:
    """A sender from its start to its sudden end: attempts are cut off, claims stay behind."""
    store = await open_session()
    try:
        async with Egress(LOOPBACK) as egress:
            sealer = Sealer(PEPPER, os.urandom)
            service = WebhookService(
                _Impatient(store), egress.post, sealer, SystemClock(), interval_s=0.01, lease_s=LEASE_S
            )
            task = asyncio.create_task(service.run(asyncio.Event()))
            try:
                await asyncio.sleep(seconds)
            finally:
                task.cancel()
                await service.finish(0.0)
    finally:
        await store.close()


class _Impatient:
    """A store whose timers for the next attempt are short: what is due in minutes is due in a moment."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def settle(self, delivery_id: UUID, claims: int, attempted: Any) -> Any:
        again_in_s = None if attempted.again_in_s is None else 0.02
        return await self._store.settle(delivery_id, claims, attempted._replace(again_in_s=again_in_s))


class Arrivals:
    """The events whose delivery a receiver has acknowledged, by what the signed messages say; each is read once, and soon: a
    signature is good for minutes.
    """

    def __init__(self, receiver: HookReceiver, secret: str | None) -> None:
        self._receiver = receiver
        self._secret = secret or ""
        self._read = 0
        self._found: Counter[tuple[str, int]] = Counter()

    def now(self) -> Counter[tuple[str, int]]:
        fresh = self._receiver.hooks[self._read :]
        self._read += len(fresh)
        for message in (verify(hook.body, hook.headers, [self._secret]) for hook in fresh):
            self._found[message["subject"], message["streamversion"]] += 1
        return self._found


async def _told(arrivals: Sequence[Arrivals], wanted: set[tuple[str, int]]) -> None:
    """Wait until all have arrived everywhere, as long as some do."""
    count, quiet_since_s = 0, time.monotonic()
    while not all(each.now().keys() >= wanted for each in arrivals):
        there = sum(len(each.now()) for each in arrivals)
        if there > count:
            count, quiet_since_s = there, time.monotonic()
        assert time.monotonic() < quiet_since_s + QUIET_S_MAX, f"{count} of {len(arrivals) * len(wanted)} have arrived"
        await asyncio.sleep(0.05)


async def test_restarts_under_load_lose_no_webhook(open_session: Any, store: Any) -> None:
    clock, dice = SystemClock(), random.Random(SEED)
    endpoints = Endpoints(
        store, Sealer(PEPPER, os.urandom), LOOPBACK, clock, SystemIds(clock), Trail(store, clock, SystemIds(clock))
    )
    now_s = (clock.now() - T0).total_seconds()
    await store.add_tenant("acme", T0)
    async with a_hook_receiver() as receiver, a_hook_receiver() as other:
        receiver.answer = Outage(SEED + 6)
        rule = Rule(events=("JobPlanned",))
        made, _ = await endpoints.make(Asker("acme"), "one", WebhookBody(url=receiver.url, rule=rule))
        second, _ = await endpoints.make(Asker("acme"), "two", WebhookBody(url=other.url, rule=rule))
        arrivals = [Arrivals(receiver, made.keys[0].text), Arrivals(other, second.keys[0].text)]
        wanted: set[tuple[str, int]] = set()
        for restart in range(RESTARTS):
            running = [asyncio.create_task(_life(open_session, dice.uniform(0.02, 0.25))) for _ in range(2)]
            for nth in range(JOBS_A_RESTART):
                number = 1 + restart * JOBS_A_RESTART + nth
                await store.append([an_append(number, events=2, seconds=now_s)])
                wanted |= {(str(an_id(number)), 1), (str(an_id(number)), 2)}
                await asyncio.sleep(0)
            await asyncio.gather(*running)
            for each in arrivals:
                each.now()

        last = asyncio.create_task(_life(open_session, float("inf")))
        await _told(arrivals, wanted)
        async with asyncio.timeout(QUIET_S_MAX):
            while (await endpoints.deliveries(Asker("acme"), made.id, ("pending",), None, 1))[0]:  # noqa: ASYNC110 - the store tells nobody
                await asyncio.sleep(0.05)
        last.cancel()

        assert [set(each.now()) for each in arrivals] == [wanted, wanted]
        delivered, _ = await endpoints.deliveries(Asker("acme"), made.id, ("delivered",), None, 100)
        assert len({each.id for each in delivered}) == min(100, len(wanted))


async def test_what_a_killed_sender_had_in_hand_is_free_when_its_lease_is_over(
    settings: PostgresSettings, postgres_store: PostgresStore, admin: asyncpg.Connection
) -> None:
    """Given a process that is killed while a receiver lets it wait, then its sessions end, its claim ends when it said, and the
    next sender tells the same once.
    """
    clock = SystemClock()
    endpoints = Endpoints(
        postgres_store,
        Sealer(PEPPER, os.urandom),
        LOOPBACK,
        clock,
        SystemIds(clock),
        Trail(postgres_store, clock, SystemIds(clock)),
    )
    await postgres_store.add_tenant("acme", T0)
    async with a_hook_receiver() as receiver, _silent() as silent:
        rule = Rule(events=("JobPlanned",))
        made, _ = await endpoints.make(Asker("acme"), "one", WebhookBody(url=silent.url, rule=rule))
        await postgres_store.append([an_append(1, events=1, seconds=(clock.now() - T0).total_seconds())])
        sender = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.contract.store.a_sender", settings.url, settings.namespace, str(LONGER_LEASE_S)
        )
        try:
            await asyncio.wait_for(silent.asked.wait(), 60.0)
            assert await _sessions(admin) > 0
        finally:
            sender.kill()
            await sender.wait()
        room = [Room(made.id, "acme", 9)]
        assert await postgres_store.claim_deliveries(room, 1.0, of_tenant={"acme": 9}, limit=9) == []
        held, now = await _row(admin, "SELECT lease_until, clock_timestamp() FROM webhook_delivery")
        assert held - now <= timedelta(seconds=LONGER_LEASE_S)
        async with asyncio.timeout(60):
            while await _sessions(admin):  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0.02)

        await admin.execute("UPDATE webhook_endpoint SET url = $1", receiver.url)
        following = asyncio.create_task(send(settings, LONGER_LEASE_S))
        async with asyncio.timeout(60.0):
            while await _row(admin, "SELECT state FROM webhook_delivery") != ("delivered",):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.02)
        following.cancel()

    assert Arrivals(receiver, made.keys[0].text).now() == {(str(an_id(1)), 1): 1}
    claims, attempts, ended = await _row(admin, "SELECT claims, attempts, updated_at FROM webhook_delivery")
    assert (claims, attempts, ended >= held) == (2, 1, True)


@dataclass
class _Silent:
    """A receiver that takes the connection and never says a word."""

    url: str
    asked: asyncio.Event


@asynccontextmanager
async def _silent() -> AsyncIterator[_Silent]:
    asked = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        asked.set()
        while await reader.read(65536):
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield _Silent(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook", asked)
    finally:
        server.close()


async def _sessions(admin: asyncpg.Connection) -> int:
    """How many sessions senders have that are processes."""
    counted = "SELECT count(*) FROM pg_stat_activity WHERE starts_with(application_name, $1)"
    return int(await admin.fetchval(counted, NAME))


async def _row(admin: asyncpg.Connection, question: str) -> tuple[Any, ...]:
    row = await admin.fetchrow(question)
    assert row is not None
    return tuple(row)
