"""An answer once more, from what is kept of the attempt, for `queuebit ops replay shadow`.

This version goes through the attempt as it was ordered; whatever it asks the provider is answered from the record: what the
provider said of itself and of circuits, and what each round gave. Nothing is ever sent, and no provider is opened. Where this
version asks for other circuits than those that ran, the record has no answer, and that is the difference.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import NoReturn
from uuid import UUID

from queuebit_contracts.events import ExecutionFailed, ExecutionSucceeded, JobQueued
from queuebit_contracts.jobs import Usage
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.errors import AdapterError
from queuebit_quantum_adapter.evidence.keeping import artifacts_here
from queuebit_quantum_adapter.evidence.run import JOURNAL, SETTING, read_setting
from queuebit_quantum_adapter.pipelines import frame
from queuebit_quantum_adapter.ports import Provider, Request, Result
from queuebit_quantum_adapter.shell.executor import QuantumExecutor, told_of
from queuebit_quantum_adapter.shell.task import Failed
from queuebit_quantum_adapter.submissions.codec import decode_result, encode_request, hash_of
from queuebit_quantum_adapter.submissions.journal import Journal
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.processes.pool import InlinePool
from queuebit_store.artifacts.manifest import Manifest, decode_manifest
from queuebit_store.artifacts.port import Artifacts
from queuebit_store.errors import ArtifactGone

OUR_LANES = frozenset({"quantum", "simulator"})


class AskedOtherwise(Exception):
    """This version asks what the record holds no answer to. The text says what."""


def answer_again(
    order: JobQueued, recorded: ExecutionSucceeded, at: datetime
) -> ExecutionSucceeded | ExecutionFailed | None:
    """What this version makes of the attempt; None where what it would need is not kept. Raises AskedOtherwise."""
    artifacts = artifacts_here()
    if order.lane not in OUR_LANES or recorded.artifacts is None or artifacts is None:
        return None
    try:
        manifest = decode_manifest(artifacts.get(recorded.artifacts.sha256))
        record = Record(manifest, artifacts)
        setting, journal = record.bytes_of(SETTING), Journal(record.bytes_of(JOURNAL))
    except ArtifactGone:
        return None
    spec, limits = read_setting(setting)
    spec = replace(spec, opener=f"{__name__}:open_nothing", options={})
    executor = QuantumExecutor(InlinePool(), Backends([spec]), limits, SystemClock(), worker=recorded.worker)
    task = executor.task_of(order, spec.name)
    try:
        outcome = frame.run(task, lambda _: None, frame.Kept(record, journal))
    except AdapterError as error:
        return told_of(order, Failed.of(error), task, Usage())
    again = executor.succeeded(order, outcome, spec, recorded.started_at, recorded.usage.wall_s)
    return again.model_copy(update={"finished_at": at, "artifacts": recorded.artifacts})


class Record:
    """Hands in as the record says that it went."""

    def __init__(self, manifest: Manifest, artifacts: Artifacts) -> None:
        self._manifest = manifest
        self._artifacts = artifacts

    def bytes_of(self, name: str) -> bytes:
        """Raises ArtifactGone."""
        item = self._manifest.item(name)
        if item is None or item.sha256 is None or not item.kept:
            raise ArtifactGone(f"{name} is not kept.")
        return self._artifacts.get(item.sha256)

    def __call__(self, provider: Provider, request: Request, attempt_id: UUID, number: int, key: UUID) -> Result:  # noqa: ARG002
        asked = self._manifest.item(f"round-{number}/request.json")
        if asked is None:
            raise AskedOtherwise(f"Round {number} was never handed in: the record has {self._rounds} rounds.")
        if asked.sha256 != hash_of(encode_request(request)):
            raise AskedOtherwise(f"Round {number} asks for other circuits, seeds or shots than those that ran.")
        return decode_result(self.bytes_of(f"round-{number}/result.json"))

    @property
    def _rounds(self) -> int:
        return int(self._manifest.of["rounds"])


def open_nothing() -> NoReturn:
    """What the backend of a shadow opens. Raises AskedOtherwise."""
    raise AskedOtherwise(
        "It asks about circuits, seeds or shots that nobody asked about then: the record holds no answer."
    )
