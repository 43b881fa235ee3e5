"""Attempts that kept something beside their events, told of as a control plane would."""

from __future__ import annotations

from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.ids import attempt_id_of
from queuebit_contracts.jobs import Artifacts as Reference
from queuebit_store.artifacts.manifest import Item, encode_manifest
from queuebit_store.artifacts.port import Shelf, hash_of
from tests.contract.http.running_gateway import LEG, RAN, RunningGateway

RAN_AS = b"OPENQASM 3.0; qubit[2] q; rz(1.5707963) q[0]; sx q[0]; cz q[0], q[1];"
COUNTS = b'{"00": 510, "11": 514}'
WORDS = b"<html>busy</html>"
ASKED = b"OPENQASM 3.0; qubit q;"


async def kept(world: RunningGateway, job_id: UUID, number: int = 1) -> str:
    """An attempt of a job that runs, which kept three things and knows the hash of a fourth; the hash of its list."""
    put = world.artifacts.put
    items = [
        Item("round-0/counts.json", put(COUNTS, Shelf.PAID), len(COUNTS)),
        Item("round-0/asked-0.qasm", put(ASKED, Shelf.PAID), len(ASKED)),
        Item("POST /jobs answer", put(WORDS, Shelf.PAID), len(WORDS), about={"status": "503", "number": number}),
        Item("GET /jobs answer", hash_of(b"lost"), 4, kept=False),
    ]
    data = encode_manifest({"attempt_id": "x"}, items)
    reference = Reference(sha256=put(data, Shelf.PAID), bytes=len(data), count=len(items))
    await tell_of(world, job_id, number, reference)
    return reference.sha256


async def tell_of(world: RunningGateway, job_id: UUID, number: int, reference: Reference) -> None:
    now = world.clock.now()
    succeeded = ev.ExecutionSucceeded(
        attempt_id=attempt_id_of(job_id, LEG, number), leg=LEG, lane="quantum", ran=RAN, answer={"counts": {"00": 1}},
        started_at=now, finished_at=now, artifacts=reference,
    )  # fmt: skip
    version = len(world.store.database.events[job_id])
    await world.plane.append(job_id, version, [succeeded], "validating")
