"""What is kept of a job, over HTTP: listed and read by hash, by those who may, and only what this job keeps."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any
from uuid import UUID, uuid4

import pytest

from queuebit_contracts import events as ev
from queuebit_contracts.ids import attempt_id_of
from queuebit_contracts.jobs import Artifacts as Reference
from queuebit_contracts.sealed import ERASED, SUBJECT_LABEL
from queuebit_gateway.asker import Asker
from queuebit_gateway.main import build_parts
from queuebit_gateway.read_model.artifacts import ATTEMPTS_MAX, LIST_BYTES_MAX, Evidence, kept_of
from queuebit_gateway.read_model.view import Happened
from queuebit_runtime.processes.hops import directly
from queuebit_store.artifacts.port import Shelf, hash_of
from queuebit_store.keys.ring import KeyRing, MasterKeys
from tests.contract.http.running_gateway import LEG, RAN, RunningGateway, a_body
from tests.contract.http.served import Served
from tests.contract.http.told_artifacts import ASKED, COUNTS, WORDS, kept, tell_of


async def a_job(world: RunningGateway) -> UUID:
    world.plane.finish_at_once = False
    job_id = UUID((await world.submit()).json()["id"])
    await world.plane.seen.wait()
    return job_id


async def _get(world: RunningGateway, path: str, role: str = "submitter", tenant: str = "acme") -> Any:
    return await world.http.get(path, headers=await world.headers(tenant, role))


async def test_what_is_kept_is_listed_and_read_as_a_file(world: RunningGateway) -> None:
    job_id = await a_job(world)
    manifest = await kept(world, job_id)

    listed = (await _get(world, f"/v1/jobs/{job_id}/artifacts")).json()
    answers = [
        await _get(world, f"/v1/jobs/{job_id}/artifacts/{each['sha256']}") for each in listed["data"][0]["artifacts"]
    ]
    whole = await _get(world, f"/v1/jobs/{job_id}/artifacts/{manifest}")

    assert listed == {
        "object": "list",
        "has_more": False,
        "data": [
            {
                "attempt_id": str(attempt_id_of(job_id, LEG, 1)), "leg": LEG, "sha256": manifest, "count": 4, "unread": None,
                "artifacts": [
                    {"name": "round-0/counts.json", "sha256": hash_of(COUNTS), "bytes": 22, "kept": True, "about": {}},
                    {"name": "round-0/asked-0.qasm", "sha256": hash_of(ASKED), "bytes": 22, "kept": True, "about": {}},
                    {
                        "name": "POST /jobs answer", "sha256": hash_of(WORDS), "bytes": 17, "kept": True,
                        "about": {"status": "503", "number": 1},
                    },
                    {"name": "GET /jobs answer", "sha256": hash_of(b"lost"), "bytes": 4, "kept": False, "about": {}},
                ],
            }
        ],
    }  # fmt: skip
    assert [(each.status_code, each.content) for each in answers[:3]] == [(200, COUNTS), (200, ASKED), (200, WORDS)]
    assert [each.headers["content-type"] for each in answers[:3]] == [
        "application/json",
        "text/plain; charset=utf-8",
        "application/octet-stream",
    ]
    assert [each.headers["content-disposition"] for each in answers[:3]] == [
        'attachment; filename="round-0-counts.json"',
        'attachment; filename="round-0-asked-0.qasm"',
        'attachment; filename="POST-jobs-answer"',
    ]
    assert answers[2].headers["x-content-type-options"] == "nosniff", "what a provider said is no page of ours"
    assert (answers[3].status_code, answers[3].json()["code"]) == (404, "artifact_not_found"), "only its hash is known"
    assert (whole.status_code, whole.headers["content-type"]) == (200, "application/json")


async def test_what_another_job_keeps_is_not_found_though_its_hash_be_known(world: RunningGateway) -> None:
    mine, other = await a_job(world), await a_job(world)
    await kept(world, mine)
    secret = world.artifacts.put(b"nobody's", Shelf.PAID)

    answers = [
        await _get(world, f"/v1/jobs/{other}/artifacts/{hash_of(COUNTS)}"),
        await _get(world, f"/v1/jobs/{mine}/artifacts/{secret}"),
        await _get(world, f"/v1/jobs/{mine}/artifacts/..%2f..%2fetc"),
        await _get(world, f"/v1/jobs/{mine}/artifacts/{'A' * 64}"),
    ]

    assert [each.status_code for each in answers] == [404] * 4
    assert {each.json()["code"] for each in answers if each.headers["content-type"] == "application/problem+json"} == {
        "artifact_not_found",
        "not_found",
    }
    assert (await _get(world, f"/v1/jobs/{other}/artifacts")).json()["data"] == []


async def test_what_is_kept_of_a_subject_is_told_until_its_data_was_erased(
    world: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a job of a subject of which something is kept all the same, when the subject is erased, then nobody is told it.

    What is asked for the subject afterwards is another matter.
    """
    clock, masters = world.clock, MasterKeys({"2026": b"m" * 32})
    ring = KeyRing(world.store, masters, monotonic_s=clock.monotonic_s, random=os.urandom, mint=uuid4)
    for payloads in (world.parts.payloads, world.parts.submitter._payloads):
        monkeypatch.setattr(payloads, "_ring", ring)
    world.plane.finish_at_once = False
    subject = a_body(labels={SUBJECT_LABEL: "p-17"})
    before = UUID((await world.submit(body=subject)).json()["id"])
    await eventually_stored(world, before)
    await kept(world, before)
    paths = [f"/v1/jobs/{before}/artifacts", f"/v1/jobs/{before}/artifacts/{hash_of(COUNTS)}"]
    told = [(await _get(world, path)).status_code for path in paths]

    await world.store.destroy_keys("acme", "p-17", clock.now())
    gone = [await _get(world, path) for path in paths]
    after = UUID((await world.submit(body=subject)).json()["id"])
    await eventually_stored(world, after)
    await kept(world, after)

    assert told == [200, 200]
    assert [(each.status_code, each.json()["detail"]) for each in gone] == [(404, ERASED)] * 2
    assert (await _get(world, f"/v1/jobs/{after}/artifacts/{hash_of(COUNTS)}")).content == COUNTS


async def eventually_stored(world: RunningGateway, job_id: UUID) -> None:
    while job_id not in world.store.database.streams:  # noqa: ASYNC110 - the stand-in for a control plane tells nobody
        await asyncio.sleep(0)


async def test_a_list_that_is_gone_or_damaged_is_said_to_be_so_beside_the_others(world: RunningGateway) -> None:
    job_id = await a_job(world)
    await tell_of(world, job_id, 1, Reference(sha256="0" * 64, bytes=10, count=3))
    junk = world.artifacts.put(b"no list", Shelf.PAID)
    await tell_of(world, job_id, 2, Reference(sha256=junk, bytes=7, count=1))
    await tell_of(world, job_id, 3, Reference(sha256="1" * 64, bytes=LIST_BYTES_MAX + 1, count=10**6))
    await kept(world, job_id, 4)

    listed = (await _get(world, f"/v1/jobs/{job_id}/artifacts")).json()["data"]

    assert [(each["unread"] or "")[:34] for each in listed] == [
        "It is kept no more.",
        "The list of artifacts cannot be re",
        f"Its list is longer than {LIST_BYTES_MAX} bytes."[:34],
        "",
    ]
    assert (await _get(world, f"/v1/jobs/{job_id}/artifacts/{hash_of(COUNTS)}")).content == COUNTS
    assert (await _get(world, f"/v1/jobs/{job_id}/artifacts/{'2' * 64}")).json()["code"] == "artifact_damaged", (
        "it may stand in the list that cannot be read"
    )


async def test_of_very_many_attempts_the_latest_are_told(world: RunningGateway) -> None:
    now = world.clock.now()
    told = [
        Happened(
            nth,
            now,
            ev.ExecutionSucceeded(
                attempt_id=UUID(int=nth), leg=LEG, lane="quantum", ran=RAN, answer={}, started_at=now, finished_at=now,
                artifacts=Reference(sha256="0" * 64, bytes=1, count=1),
            ),
        )
        for nth in range(ATTEMPTS_MAX + 1)
    ]  # fmt: skip

    found = await Evidence(world.artifacts, directly).listed(kept_of(told))

    assert (found.has_more, [each.attempt_id.int for each in found.data]) == (True, list(range(1, ATTEMPTS_MAX + 1)))


async def test_a_gateway_that_is_not_told_where_they_are_says_so(world: RunningGateway) -> None:
    job_id = await a_job(world)
    await kept(world, job_id)
    parts = build_parts(
        world.store, world.store, None, pepper=b"pepper for tests", clock=world.clock, ids=world.parts.ids  # type: ignore[arg-type]
    )  # fmt: skip
    found = await parts.jobs.find(Asker("acme"), job_id)
    told = await parts.jobs.told(found, lambda _view, happened: kept_of(happened))

    (attempt,) = (await parts.evidence.listed(told)).data

    assert (attempt.unread, attempt.artifacts) == ("This gateway is not told where artifacts are kept.", ())


@pytest.mark.parametrize("role", ["viewer"])
async def test_who_may_only_look_gets_no_file(world: RunningGateway, role: str) -> None:
    job_id = await a_job(world)

    answer = await _get(world, f"/v1/jobs/{job_id}/artifacts", role)

    assert (answer.status_code, answer.json()["code"]) == (403, "role_forbids")


async def test_the_command_line_lists_and_fetches_them(served: Served) -> None:
    job_id = await a_job(served.world)
    await kept(served.world, job_id)

    code, listed, _ = await served.cli("jobs", "artifacts", str(job_id))
    _, document, _ = await served.cli("jobs", "artifacts", str(job_id), "--json")
    fetched = await served.cli("jobs", "artifacts", str(job_id), "--fetch", "round-0/counts.json")
    written = await served.cli("jobs", "artifacts", str(job_id), "--fetch", hash_of(ASKED), "--out", "asked.qasm")
    missing = await served.cli("jobs", "artifacts", str(job_id), "--fetch", "GET /jobs answer")
    nothing = await served.cli("jobs", "artifacts", str(await a_job(served.world)))

    assert code == 0
    assert listed.splitlines()[0].split("\t") == ["round-0/counts.json", "22", "", hash_of(COUNTS), LEG]
    assert len(json.loads(document)["data"][0]["artifacts"]) == 4
    assert fetched[:2] == (0, COUNTS.decode())
    assert (written[0], (served.home / "asked.qasm").read_bytes()) == (0, ASKED)
    assert (missing[0], "Nothing is kept as 'GET /jobs answer'." in missing[2]) == (3, True)
    assert (nothing[0], "artifacts=true" in nothing[2]) == (0, True)
