"""Circuits handed in and their samples: each once, under an id and a seed of its own that the attempt and the job derive."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.ids import derive_id
from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.circuits import BoundCircuit
from queuebit_quantum_adapter.pipelines.samples import derived_seed
from queuebit_quantum_adapter.ports import FreeLedger, Provider, Result, Submission
from queuebit_quantum_adapter.shell.task import Task
from queuebit_quantum_adapter.submissions.ledger import POLL_INTERVAL_S, run_to_end

CIRCUITS_TOLD_MAX = 20


@dataclass(frozen=True, slots=True)
class Sampled:
    """One circuit that has run."""

    circuit: BoundCircuit
    result: Result

    @property
    def counts(self) -> Mapping[int, int]:
        """How often each sample was seen: bit q of the integer is qubit q."""
        return self.result.counts[0]

    def told(self) -> dict[str, Any]:
        """What tells this run from another, in short."""
        template = self.circuit.template
        return {
            "qubits": template.qubits,
            "gates_1q": template.count(1),
            "gates_2q": template.count(2),
            "structure_fingerprint": template.fingerprint,
            "counts_fingerprint": fingerprint([[s, count] for s, count in sorted(self.counts.items())]),
        }


class Runner:
    """Runs the circuits of one attempt, one after the other. The first has the attempt's own id and the seed "simulator"."""

    def __init__(self, task: Task, provider: Provider) -> None:
        self._task = task
        self.provider = provider
        self.sampled: list[Sampled] = []

    @property
    def shots(self) -> int:
        """All samples so far."""
        return sum(sum(each.counts.values()) for each in self.sampled)

    def sample(self, circuit: BoundCircuit, before: Callable[[], None] | None = None) -> dict[int, int]:
        """The counts of a circuit; `before` is called when it is ready and about to be handed in. Raises AdapterError."""
        ordinal = len(self.sampled)
        name = f":{ordinal}" if ordinal else ""
        seed = derived_seed(self._task.seed, f"simulator{name}")
        submission = Submission(circuit, self._task.recipe.shots, seed)
        self.provider.preflight(submission)
        if before is not None:
            before()
        key = derive_id(self._task.attempt_id, f"circuit:{ordinal}") if ordinal else self._task.attempt_id
        sampled = Sampled(circuit, execute(self.provider, submission, key))
        self.sampled.append(sampled)
        return dict(sampled.counts)


def open_provider(backend: BackendSpec) -> Provider:
    """The provider that the specification names; its SDK is imported here, in the worker process."""
    module, _, function = backend.opener.partition(":")
    return cast(Provider, getattr(importlib.import_module(module), function)(**backend.options))


def execute(provider: Provider, submission: Submission, key: UUID) -> Result:
    """Hand the circuit in once, under its id, and wait for its samples. Raises AdapterError."""
    return provider.result(run_to_end(provider, FreeLedger(), submission, key, lambda: time.sleep(POLL_INTERVAL_S)))
