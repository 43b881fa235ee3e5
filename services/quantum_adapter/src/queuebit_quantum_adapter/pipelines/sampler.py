"""The circuits of an optimisation, sampled one by one, each with a seed of its own that the job derives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from queuebit_circuits.circuit import Bound
from queuebit_contracts.canonical import fingerprint
from queuebit_quantum_adapter.pipelines.samples import derived_seed
from queuebit_quantum_adapter.ports import Preflight, Provider, Request, Result
from queuebit_quantum_adapter.shell.task import Task
from queuebit_quantum_adapter.submissions.running import Runner

CIRCUITS_TOLD_MAX = 20


@dataclass(frozen=True, slots=True)
class Sampled:
    """One circuit that has run."""

    circuit: Bound
    result: Result

    @property
    def counts(self) -> Mapping[int, int]:
        """How often each sample was seen: bit q of the integer is qubit q."""
        return self.result.counts[0]

    def told(self) -> dict[str, Any]:
        """What tells this run from another, in short."""
        circuit = self.circuit.circuit
        return {
            "qubits": circuit.qubits,
            "gates_1q": circuit.count(1),
            "gates_2q": circuit.count(2),
            "structure_fingerprint": circuit.fingerprint,
            "counts_fingerprint": fingerprint([[s, count] for s, count in sorted(self.counts.items())]),
        }

    def record(self) -> dict[str, Any]:
        """What reproduces this run."""
        record, ran = self.result.record, self.result.ran[0]
        check = record["equivalence"]["forms"][ran["form"]]
        shown = {name: value for name, value in ran.items() if name not in ("form", "model")}
        return {**record, **shown, "batch_index": 0, "equivalence": check}


class Sampler:
    """Samples circuits and keeps what came. The seed of the first is named "simulator"."""

    def __init__(self, task: Task, runner: Runner) -> None:
        self._task = task
        self._runner = runner
        self.sampled: list[Sampled] = []

    @property
    def provider(self) -> Provider:
        return self._runner.provider

    @property
    def shots(self) -> int:
        """All samples so far."""
        return self._runner.shots

    def sample(self, circuit: Bound, ready: Callable[[Preflight], None] | None = None) -> dict[int, int]:
        """The counts of a circuit; `ready` is called when it is about to be handed in. Raises AdapterError."""
        ordinal = len(self.sampled)
        seed = derived_seed(self._task.seed, f"simulator:{ordinal}" if ordinal else "simulator")
        sampled = Sampled(circuit, self._runner.run(self.request(circuit, seed), ready))
        self.sampled.append(sampled)
        return dict(sampled.counts)

    def request(self, circuit: Bound, seed: int = 0) -> Request:
        """A request for the samples of one circuit."""
        task = self._task
        return Request(
            (circuit,), (seed,), task.recipe.shots, mitigation=task.mitigation, transpilation=task.transpilation
        )
