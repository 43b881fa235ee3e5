"""A provider in memory, with queues and lost answers as a remote one has them; its samples come from our exact simulator."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

from queuebit_circuits.circuit import Circuit
from queuebit_circuits.simulator import outcomes
from queuebit_contracts.jobs import Lane
from queuebit_quantum_adapter.errors import KeyReused, RunFailed, SubmitUnknown, TooManyQubits, UnusableProblem
from queuebit_quantum_adapter.ports import Capabilities, Forecast, Request, Result, SubmissionState

UNCHANGED = {"method": "not converted", "inputs": 0, "fidelity": 1.0}
WAITS = (SubmissionState.QUEUED, SubmissionState.RUNNING)


@dataclass(slots=True)
class Taken:
    """What was handed in: it waits in line, runs, and ends."""

    request: Request
    waits: list[SubmissionState] = field(default_factory=lambda: list(WAITS))
    cancelled: bool = False


class MemoryProvider:
    """A quantum lane of its own. `answers_lost`: of how many submissions, from now on, the caller does not hear."""

    def __init__(self, *, qubits_max: int = 10, lane: Lane = "quantum") -> None:
        self._capabilities = Capabilities("memory", "1", lane, qubits_max, 100_000, "ideal")
        self._taken: dict[str, Taken] = {}
        self.answers_lost = 0

    @property
    def taken(self) -> int:
        """How many submissions are known."""
        return len(self._taken)

    def capabilities(self) -> Capabilities:
        return self._capabilities

    def preflight(self, request: Request) -> None:
        if request.observable is not None:
            raise UnusableProblem("This backend computes no exact values.")
        if max((bound.circuit.qubits for bound in request.circuits), default=0) > self._capabilities.qubits_max:
            raise TooManyQubits(f"This backend takes {self._capabilities.qubits_max} qubits.")

    def estimate(self, request: Request) -> Forecast:
        raise AssertionError("a backend that does not estimate is not asked")

    def submit(self, request: Request, key: UUID) -> str:
        provider_id = f"memory-{key}"
        known = self._taken.get(provider_id)
        if known is not None and known.request != request:
            raise KeyReused(f"{key} stands for another request.")
        if known is None:
            self._taken[provider_id] = Taken(request)
        if self.answers_lost:
            self.answers_lost -= 1
            raise SubmitUnknown
        return provider_id

    def poll(self, provider_id: str) -> SubmissionState:
        taken = self._taken.get(provider_id)
        if taken is None:
            return SubmissionState.UNKNOWN
        if taken.cancelled:
            return SubmissionState.CANCELLED
        return taken.waits.pop(0) if taken.waits else SubmissionState.SUCCEEDED

    def result(self, provider_id: str) -> Result:
        request = self._succeeded(provider_id)
        pairs = zip(request.circuits, request.seeds, strict=True)
        return Result(
            tuple(sampled(bound.filled, request.shots or 0, seed) for bound, seed in pairs),
            record={"noise": "ideal", "equivalence": {"circuits": len(request.circuits), "forms": {"own": UNCHANGED}}},
            ran=({"form": "own"},) * len(request.circuits),
        )

    def cancel(self, provider_id: str) -> None:
        taken = self._taken.get(provider_id)
        if taken is not None and taken.waits:
            taken.cancelled = True

    def reconcile(self, key: UUID) -> str | None:
        provider_id = f"memory-{key}"
        return provider_id if provider_id in self._taken else None

    def _succeeded(self, provider_id: str) -> Request:
        taken = self._taken.get(provider_id)
        if taken is None or taken.cancelled or taken.waits:
            raise RunFailed(f"There is no result of {provider_id}.")
        return taken.request


def sampled(circuit: Circuit, shots: int, seed: int) -> dict[int, int]:
    """So many draws from the exact distribution."""
    exact = outcomes(circuit)
    drawn = random.Random(seed).choices([int(each) for each in exact.bits], exact.probabilities.tolist(), k=shots)
    return dict(sorted(Counter(drawn).items()))
