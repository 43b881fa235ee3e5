"""Plans that wait, on the command line and by the client: told before anything is decided, and decided by their digest."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from uuid import UUID

import pytest

from queuebit_client import AsyncQueuebit, Queuebit
from queuebit_client.cli.main import run
from queuebit_client.errors import Conflict, Forbidden
from queuebit_contracts.channels import DECISIONS
from queuebit_contracts.commands import DecidePlan
from queuebit_contracts.envelope import decode
from queuebit_domain.job import routing
from queuebit_domain.job.decide import decide
from queuebit_domain.job.messages import Submit
from queuebit_domain.job.state import NoJob, OpenJob
from queuebit_gateway.access.authentication import DUTY, row_of
from queuebit_gateway.http.server import HttpServer
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_runtime.bus.port import Delivery, Subscription
from queuebit_store.directory.keys import make_key
from tests.builders import a_submit
from tests.contract.http.running_gateway import PEPPER, RunningGateway, a_world
from tests.unit.policy.policies import a_policy, row

COSTLY = {
    "id": "costly", "when": {}, "reason": "It is dear.", "role": "owners", "expires_s": 3000, "on_expiry": "classical",
}  # fmt: skip


async def _waiting(world: RunningGateway) -> tuple[UUID, str]:
    """A job whose plan waits: its id, and the digest."""
    job_id, now = world.parts.ids.mint(), world.clock.now()
    submit = a_submit("auto")
    planned = routing.plan(submit.inputs, a_policy(row("all", "classical"), approvals=[COSTLY]))
    told: Submit = replace(submit, job_id=job_id, planned=planned)
    events, job = decide(NoJob(), told, now, job_id)
    envelope = type("E", (), {"data": submit.event, "job_id": job_id})
    await world.plane.append(job_id, 0, list(events), "planned", envelope)  # type: ignore[arg-type]
    assert isinstance(job, OpenJob)
    assert job.awaited is not None
    return job_id, job.awaited.digest


async def _owner(world: RunningGateway) -> str:
    text = make_key(99, 10**61)
    await world.store.add_tenant("acme", world.clock.now())
    await world.store.add_key(row_of(text, PEPPER, "acme", "admin", world.clock.now(), scopes=[f"{DUTY}owners"]))
    return text


async def test_it_is_told_what_waits_and_decided_by_the_digest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said: list[DecidePlan] = []

    async def heard(delivery: Delivery) -> None:
        for record in delivery.records:
            data = decode(record.headers, record.value).data
            assert isinstance(data, DecidePlan)
            said.append(data)
        delivery.done_all()

    async with a_world() as world:
        bus = MemoryBus(world.broker)
        bus.subscribe(Subscription((DECISIONS,), "control-plane", heard))
        await bus.start()
        job_id, digest = await _waiting(world)
        key, other = await _owner(world), await world.key()
        server = HttpServer(world.app, world.parts.tailer, world.parts.ids, host="127.0.0.1", port=0, drain_s=2)
        await server.start()
        url = f"http://127.0.0.1:{server.port}"
        monkeypatch.setenv("QUEUEBIT_API_KEY", key)

        async def command(*words: str) -> tuple[int, str]:
            code = await asyncio.to_thread(run, ["--url", url, *words])
            told = capsys.readouterr()
            return code, told.out + told.err

        try:
            listed = await command("waiting", "--json")
            unnamed = await command("approve", str(job_id))
            wrong = await command("approve", str(job_id), "--digest", "0" * 12)
            done = await command("approve", str(job_id), "--digest", digest[:12], "--reason", "worth it")
            denied = await command("deny", str(job_id), "--digest", digest, "--reason", "no")
            nothing = await command("approve", str(world.parts.ids.mint()), "--digest", digest)
            refusals = await asyncio.to_thread(_refused, url, key, other, str(job_id), digest)
            async with AsyncQueuebit(url, key) as client:
                waiting = [each async for each in client.approvals(limit=5)]
        finally:
            await server.stop()
            await bus.stop(1.0)

    (shown,) = json.loads(listed[1])["approvals"]
    assert (shown["digest"], shown["may_decide"], [each.digest for each in waiting]) == (digest, True, [digest])
    assert (unnamed[0], digest in unnamed[1], "It is dear." in unnamed[1]) == (2, True, True)
    assert (wrong[0], done[0], denied[0], nothing[0]) == (6, 0, 0, 3)
    assert [(each.granted, each.digest, each.reason) for each in said] == [
        (True, digest, "worth it"), (False, digest, "no"),
    ]  # fmt: skip
    assert refusals == ["approval_changed", "duty_forbids"]


def _refused(url: str, key: str, other: str, job_id: str, digest: str) -> list[str]:
    with Queuebit(url, key) as client, pytest.raises(Conflict) as changed:
        client.grant(job_id, "0" * 64)
    with Queuebit(url, other) as client, pytest.raises(Forbidden) as forbidden:
        client.grant(job_id, digest)
    return [str(changed.value.code), str(forbidden.value.code)]
