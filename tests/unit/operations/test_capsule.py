"""A job as a capsule, which a program of others opens and verifies, and of which no byte can be changed unnoticed."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from queuebit_contracts import events as ev
from queuebit_contracts.ids import attempt_id_of
from queuebit_contracts.jobs import Artifacts, Ran, Usage
from queuebit_operations.evidence.kept import kept_of
from queuebit_operations.scan.port import Stream
from queuebit_operations.transfer.capsule import Capsule, capsule_of, packed
from queuebit_operations.transfer.file import read_head, read_streams
from queuebit_runtime.clock import SystemClock
from queuebit_store.artifacts.manifest import Item, encode_manifest
from queuebit_store.artifacts.memory import MemoryArtifacts
from queuebit_store.artifacts.port import Shelf
from queuebit_store.memory import MemoryStore
from tests.builders import NOW, a_success, a_verdict
from tests.fakes.histories import LEG, a_job_id, as_rows, tell_jobs

JOB = a_job_id(1)
ATTEMPT = attempt_id_of(JOB, LEG, 1)
COUNTS = {"00": 512, "11": 512}


async def a_capsule(**answer: Any) -> Capsule:
    """A job of a device, with two artifacts and an answer that never came."""
    artifacts = MemoryArtifacts(SystemClock().now)
    items = [
        Item(name, artifacts.put(data, Shelf.PAID), len(data))
        for name, data in (("POST /jobs request", b"{}"), ("round-0/counts.json", b'{"counts":[]}'))
    ]
    items.append(Item("GET /jobs/1 answer", None, 0, kept=False))
    listed = encode_manifest({"attempt_id": str(ATTEMPT)}, items)
    reference = Artifacts(sha256=artifacts.put(listed, Shelf.PAID), bytes=len(listed), count=3)
    given: dict[str, Any] = {
        "attempt_id": ATTEMPT,
        "artifacts": reference,
        "ran": Ran(lane="quantum", method="LR-QAOA", backend="ibm_é", backend_version="qiskit-ibm-runtime 0.51"),
        "lane": "quantum",
        "usage": Usage(shots=1024, qpu_s=1.5),
        "answer": {"counts": COUNTS},
        **answer,
    }
    started = ev.JobStarted(attempt_id=ATTEMPT, leg=LEG, worker="w1", started_at=NOW)
    store = MemoryStore()
    await tell_jobs(store, [1], then=[started, a_success(**given), a_verdict(attempt_id=ATTEMPT)])
    stored = (await store.load([JOB]))[JOB]
    return capsule_of(Stream(JOB, None, as_rows(stored)), kept_of(stored, artifacts), artifacts.get, NOW, "somebody")


def marqov(*arguments: str) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("marqov_capsule", reason="marqov-capsule is not installed")
    command = [sys.executable, "-m", "marqov_capsule", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


async def test_the_program_of_others_verifies_it(tmp_path: Path) -> None:
    capsule = await a_capsule()
    path = tmp_path / "job.capsule"
    path.write_bytes(packed(capsule, f"job-{JOB}"))

    said = marqov("verify", str(path), "--id", capsule.id, "--json")

    assert said.returncode == 0, said.stdout + said.stderr
    assert json.loads(said.stdout)["capsule_id"] == capsule.id


async def test_its_manifest_is_valid_and_a_changed_byte_is_found(tmp_path: Path) -> None:
    capsule = await a_capsule()
    path = tmp_path / "job.capsule"
    path.write_bytes(packed(capsule, f"job-{JOB}"))
    with tarfile.open(path) as archive:
        archive.extractall(tmp_path, filter="data")
    folder = tmp_path / f"job-{JOB}"

    valid = marqov("validate", str(folder / "capsule.yaml"))
    counts = folder / "counts" / f"{ATTEMPT}.json"
    counts.write_text(counts.read_text().replace("512", "513", 1))
    changed = marqov("verify", str(folder), "--id", capsule.id)

    assert valid.returncode == 0, valid.stdout + valid.stderr
    assert (changed.returncode, "counts" in changed.stdout) == (1, True)


async def test_it_holds_the_history_and_what_is_kept() -> None:
    capsule = await a_capsule()

    lines = io.BytesIO(capsule.files["history.jsonl"])
    read_head(iter([next(lines)]))
    (stream,) = read_streams(lines)
    assert (stream.stream_id, stream.events[0].type) == (UUID(int=JOB.int), "JobSubmitted")
    folder = f"attempts/{ATTEMPT}"
    assert sorted(path for path in capsule.files if path.startswith(folder)) == [
        f"{folder}/0000-post-jobs-request",
        f"{folder}/0001-round-0-counts.json",
        f"{folder}/manifest.json",
    ]
    assert json.loads(capsule.files[f"counts/{ATTEMPT}.json"]) == {"counts": COUNTS}
    execution = json.loads(capsule.files["capsule.yaml"])["task_executions"][0]
    assert (execution["backend"]["shots"], execution["result_type"]) == (1024, "probabilistic")


async def test_the_same_job_gives_the_same_capsule_and_another_one_another() -> None:
    first, again, other = await a_capsule(), await a_capsule(), await a_capsule(answer={"counts": {"00": 1024}})

    assert (packed(first, "job"), first.id) == (packed(again, "job"), again.id)
    assert first.id != other.id
