"""An artifact that is fetched is written as it is kept, whole, and for its owner alone; or it is said why not."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from queuebit_contracts import events as ev
from queuebit_contracts.ids import attempt_id_of
from queuebit_contracts.jobs import Artifacts
from queuebit_operations.errors import BadArgument
from queuebit_operations.evidence.kept import kept_of
from queuebit_operations.verbs.jobs_artifacts import _write
from queuebit_store.artifacts.manifest import encode_manifest
from queuebit_store.artifacts.memory import MemoryArtifacts
from queuebit_store.artifacts.port import Shelf, place_of
from queuebit_store.errors import ArtifactGone
from queuebit_store.memory import MemoryStore
from tests.builders import NOW, a_failure
from tests.fakes.histories import LEG, a_job_id, tell_jobs

JOB, PAID, FREE = a_job_id(1), attempt_id_of(a_job_id(1), LEG, 1), attempt_id_of(a_job_id(1), LEG, 2)
DATA = b'{"counts":[]}'


def test_the_bytes_are_those_that_are_kept_whatever_the_file_is_called(tmp_path: Path) -> None:
    out = tmp_path / "counts.json.gz"

    _write(DATA, str(out))

    assert (out.read_bytes(), stat.S_IMODE(out.stat().st_mode)) == (DATA, 0o600)
    assert [each.name for each in tmp_path.iterdir()] == ["counts.json.gz"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadArgument, match="not-there/counts"):
        _write(DATA, str(tmp_path / "not-there" / "counts"))


async def test_what_is_left_of_a_job_is_told_though_the_rest_of_it_is_gone() -> None:
    """Given an attempt that was paid and one of a simulator, then the first is there when the second is forgotten."""
    artifacts = MemoryArtifacts(lambda: NOW)
    told: list[Any] = []
    for attempt_id, shelf in ((PAID, Shelf.PAID), (FREE, Shelf.FREE)):
        listed = encode_manifest({"attempt_id": str(attempt_id)}, [])
        reference = Artifacts(sha256=artifacts.put(listed, shelf), bytes=len(listed), count=0)
        started = ev.JobStarted(attempt_id=attempt_id, leg=LEG, worker="w1", started_at=NOW)
        told += [started, a_failure(attempt_id=attempt_id, artifacts=reference)]
    store = MemoryStore()
    await tell_jobs(store, [1], then=told)
    stored = (await store.load([JOB]))[JOB]

    del artifacts.kept[place_of(told[3].artifacts.sha256, Shelf.FREE)]
    assert [each.attempt_id for each in kept_of(stored, artifacts)] == [PAID]

    artifacts.kept.clear()
    with pytest.raises(ArtifactGone):
        kept_of(stored, artifacts)
