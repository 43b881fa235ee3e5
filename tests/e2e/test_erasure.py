"""Erasing a subject on real servers: what its jobs asked and were answered lies nowhere in clear, before and after.
Nor does any secret by which somebody is let in.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import httpx2

from queuebit_client.asynchronous import AsyncQueuebit
from queuebit_client.audit import reveal
from queuebit_contracts.channels import BY_TOPIC
from queuebit_contracts.sealed import REDACTED, SUBJECT_LABEL
from queuebit_contracts.sealed_documents import MASKED
from queuebit_devstack.stack import Stack
from queuebit_operations.connections.own import own_connection
from queuebit_operations.erasing.proof import search_files, search_store, search_topics
from queuebit_operations.erasing.store import StoreSearch
from queuebit_operations.records.kafka import opened_records
from queuebit_runtime.clock import SystemClock
from queuebit_store.keys.ring import REMEMBERED_S
from queuebit_store.postgres import settings_from
from queuebit_workbench.demo.trace import read_spans, trace_of
from tests.e2e.command_line import QUEUEBIT
from tests.e2e.exposure import secrets_of
from tests.e2e.harness import Platform, eventually, platform

NAMESPACE = "erasure"
SEALED_CANARY, PLAIN_CANARY = 918273645, 827364519
SUBJECT = "p-17"
ERASE_S_MAX = 60.0
PROVIDER_TOKEN = "canary-of-a-provider-4f1c9b2e"
WRONG = "canary1of2a3key4that5opens6nothing7and8is9nobodys0s"
SPANS_TOO = {"QUEUEBIT_TELEMETRY": "console", "QUEUEBIT_TRACE_RATIO": "1", "OTEL_BSP_SCHEDULE_DELAY": "100"}
"""What is told of traces stands in the logs, and is searched with them."""
EXECUTIONS = "jobs.executions"


def question(canary: int, lane: str, labels: dict[str, str], nodes: int = 5) -> dict[str, Any]:
    edges = [[node, node + 1, canary + node] for node in range(nodes - 1)]
    return {
        "problem": {"kind": "maxcut", "statement": {"nodes": nodes, "edges": edges}},
        "lane": lane,
        "seed": 3,
        "labels": labels,
        "params": {"artifacts": True} if lane == "simulator" else {},
    }


async def command(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(
        subprocess.run, [QUEUEBIT, *arguments], env=env, capture_output=True, text=True, timeout=120, check=False
    )


async def places_of(running: Platform, env: dict[str, str], folders: list[Path], *texts: str) -> dict[str, int]:
    """Where one of the texts is found, by the search of the verb itself."""
    since = SystemClock().now().replace(hour=0)
    async with own_connection(settings_from(env)) as connection:
        looked = [each async for each in search_store(StoreSearch(connection), texts)]
    async with opened_records(running.stack.access(), NAMESPACE) as records:
        looked += [each async for each in search_topics(records, texts, since)]
    looked += [search_files("files", folder, texts) for folder in folders]
    return {each.place: each.found for each in looked if each.found}


async def test_a_subject_is_erased_within_a_minute_and_found_nowhere(stack: Stack, tmp_path: Path) -> None:
    """Given jobs of a subject on both kinds of workers, large and small, and one that became a dead letter, when the subject is
    erased, then no piece of its data is in any table, topic, dead letter, artifact, log or trace; what is not sealed is found
    there. No key, token or password is in any of them at any time.
    """
    master, artifacts = tmp_path / "master", tmp_path / "artifacts"
    master.write_text("2026:" + base64.b64encode(os.urandom(32)).decode())
    master.chmod(0o600)
    extra = {
        "QUEUEBIT_MASTER_KEY_FILE": str(master),
        "QUEUEBIT_ARTIFACTS": str(artifacts),
        "QUEUEBIT_LOG_LEVEL": "DEBUG",
        "DWAVE_API_TOKEN": PROVIDER_TOKEN,
        **SPANS_TOO,
    }
    logs = stack.data_dir / "logs" / NAMESPACE
    clean = {name: value for name, value in os.environ.items() if not name.startswith("QUEUEBIT_")}
    env = {**clean, **stack.env(), **extra, "QUEUEBIT_NAMESPACE": NAMESPACE}
    sealed = {SUBJECT_LABEL: SUBJECT}
    async with (
        platform(stack, namespace=NAMESPACE, env=extra) as running,
        AsyncQueuebit(running.url, running.api_key) as client,
    ):
        asked = [
            await client.submit_body(question(canary, lane, labels, nodes))
            for canary, labels in ((SEALED_CANARY, sealed), (PLAIN_CANARY, {}))
            for lane, nodes in (("classical", 5), ("simulator", 5), ("classical", 4000))
        ]
        ended = [await client.wait(job.id, timeout_s=90) for job in asked]
        assert [job.state for job in ended] == ["completed"] * 6
        assert [job.answer for job in ended[:3]] == [{MASKED: True}] * 3
        shown = [await client.send(reveal(job.id, "compared with what is in clear")) for job in ended[:2]]
        assert [job.answer for job in shown] == [job.answer for job in ended[3:5]]
        await spoiled(running)
        secrets = [*await shown_secrets(running), *secrets_of(stack.data_dir).values()]

        folders = [logs, artifacts]
        plain = await places_of(running, env, folders, str(PLAIN_CANARY))
        assert {"table event", "table payload", "topic jobs.admitted", "topic jobs.lifecycle"} <= set(plain)
        assert any(artifacts.rglob("*"))

        spans = [running.supervisor.log(name) for name in running.supervisor.names]
        await eventually(lambda: trace_of(read_spans(spans), str(ended[0].id)), "the trace of a job is written")
        assert await places_of(running, env, folders, str(SEALED_CANARY), *secrets) == {}

        await erased(env, ended[0].tenant, logs, artifacts)
        after = [await client.get(job.id) for job in asked]
        assert [job.answer for job in after[:3]] == [{REDACTED: True}] * 3
        assert [job.answer for job in after[3:]] == [job.answer for job in ended[3:]]


async def shown_secrets(running: Platform) -> list[str]:
    """What whoever asks shows or is shown in confidence: right and wrong keys, a token, one where none belongs."""
    token = f"eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.{WRONG}"
    wrong = f"qb_live_00000000_{WRONG}"
    async with httpx2.AsyncClient(base_url=running.url, timeout=60) as http:

        async def asked(method: str, path: str, secret: str, **more: Any) -> httpx2.Response:
            headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": f"{method}{path}"}
            return await http.request(method, path, headers=headers, **more)

        made = await asked("POST", "/v1/keys", running.api_key, json={"name": "shown once", "role": "submitter"})
        fresh = made.json()["key"]
        statement = question(7, "classical", {"note": "secrets"})
        job = await asked("POST", "/v1/jobs", fresh, json=statement)
        refused = [await asked("POST", "/v1/jobs", each, json=statement) for each in (wrong, token)]
        astray = await http.get(f"/v1/jobs?api_key={fresh}&access_token={token}", headers={"X-Api-Key": fresh})
        renewed = await asked("POST", f"/v1/keys/{made.json()['id']}/rotate", running.api_key)

    assert [each.status_code for each in (made, job, *refused, astray, renewed)] == [201, 202, 401, 401, 401, 201]
    texts = [running.api_key, fresh, renewed.json()["key"], wrong, token, PROVIDER_TOKEN]
    return [*texts, *(each.rpartition("_")[2] for each in texts[:3]), WRONG]


async def erased(env: dict[str, str], tenant: str, logs: Path, artifacts: Path) -> None:
    """Asked for, done, proven, and asked for again."""
    told = await command(env, "erase", SUBJECT, "--tenant", tenant, "--json")
    assert told.returncode == 0, told.stderr
    assert "1 of 1 keys" in told.stdout
    done = await command(
        env, "erase", SUBJECT, "--tenant", tenant, "--apply", "--reason", "asked for", "--logs", str(logs), "--json"
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    proof = json.loads(done.stdout)
    looked = {each["place"]: each for each in proof["places"]}
    assert proof["proved"] is True
    assert (proof["jobs"], len(proof["keys_destroyed"]), proof["in_clear"]) == (3, 1, [])
    assert proof["witnesses"] >= 10
    assert proof["took_s"] <= ERASE_S_MAX
    assert {f"topic {topic}" for topic in BY_TOPIC} <= set(looked)
    assert {"table event", "table payload", "table stream", "table idempotency"} <= set(looked)
    assert looked["topic dlq.result-validation"]["items"] == 1
    assert {f"logs {logs}", f"artifacts {artifacts}"} <= set(looked)
    assert [place for place, each in looked.items() if each["found"]] == []
    assert proof["not_looked"] == []
    again = await command(
        env, "erase", SUBJECT, "--tenant", tenant, "--apply", "--reason", "again", "--logs", str(logs), "--json"
    )  # fmt: skip
    assert json.loads(again.stdout)["keys_destroyed"] == []
    assert REMEMBERED_S < ERASE_S_MAX
    nobody = await command(env, "erase", "nobody", "--tenant", tenant)
    assert nobody.returncode == 3


async def spoiled(running: Platform) -> None:
    """A sealed answer comes again under a type that nobody knows: it becomes a dead letter as it is."""
    async with opened_records(running.stack.access(), NAMESPACE) as records:
        spans = {place: span for place, span in (await records.spans([EXECUTIONS])).items() if span.end > span.begin}
        found = [
            record async for batch in records.read(spans) for record in batch if b"$sealed" in (record.value or b"")
        ]
    record = found[0]
    headers = [(name, b"io.queuebit.Nothing.v1" if name == "ce_type" else value) for name, value in record.headers]
    await (await running.send(EXECUTIONS, headers, record.value, key="spoiled"))
    await eventually(lambda: running.letters.get("dlq.result-validation"), "the record is set aside")
