"""A provider in memory, with queues and lost answers as a remote one has them; its samples come from our exact simulator."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from queuebit_circuits.circuit import Circuit
from queuebit_circuits.simulator import outcomes
from queuebit_contracts.jobs import Lane
from queuebit_quantum_adapter.errors import KeyReused, RunFailed, SubmitRefused, TooManyQubits, UnusableProblem
from queuebit_quantum_adapter.ports import Capabilities, Poll, Preflight, Recovery, Request, Result, RunState

UNCHANGED = {"method": "not converted", "inputs": 0, "fidelity": 1.0}
WAITS = (RunState.QUEUED, RunState.RUNNING)


@dataclass(slots=True)
class Taken:
    """What was handed in: it waits in line, runs, and ends."""

    request: Request
    key: UUID
    fence: str | None
    waits: list[RunState] = field(default_factory=lambda: list(WAITS))
    cancelled: bool = False


class MemoryProvider:
    """A quantum lane of its own. `answers_lost`: of how many submissions, from now on, the caller does not hear.

    `recovery` says how a lost answer is found again: with TOKEN and NONE a repeated key is the same submission, otherwise each
    submission is another one, as on a provider that charges for each.
    """

    def __init__(
        self, *, qubits_max: int = 10, lane: Lane = "quantum", recovery: Recovery = Recovery.TOKEN, lag_s: float = 0.0
    ) -> None:
        self._capabilities = Capabilities(
            "memory", "1", lane, qubits_max, 100_000, "ideal", recovery=recovery, lag_s=lag_s
        )
        self._taken: dict[str, Taken] = {}
        self._fences: dict[str, bool] = {}
        self.answers_lost = 0

    @property
    def taken(self) -> int:
        """How many submissions are known."""
        return len(self._taken)

    def capabilities(self) -> Capabilities:
        return self._capabilities

    def discover(self) -> tuple[Capabilities, ...]:
        return (self._capabilities,)

    def preflight(self, request: Request) -> Preflight:
        if request.observable is not None:
            raise UnusableProblem("This backend computes no exact values.")
        qubits = max((bound.circuit.qubits for bound in request.circuits), default=0)
        if qubits > self._capabilities.qubits_max:
            raise TooManyQubits(f"This backend takes {self._capabilities.qubits_max} qubits.")
        return Preflight(qubits)

    def fence(self, key: UUID) -> str | None:
        if self._capabilities.recovery is not Recovery.FENCE:
            return None
        name = f"fence-{key}-{len(self._fences)}"
        self._fences[name] = True
        return name

    def submit(self, request: Request, key: UUID, fence: str | None) -> str:
        if fence is not None and not self._fences[fence]:
            raise SubmitRefused(f"{fence} is closed.")
        once = self._capabilities.recovery in (Recovery.TOKEN, Recovery.NONE)
        provider_id = f"memory-{key}" if once else f"memory-{key}-{len(self._taken)}"
        known = self._taken.get(provider_id)
        if known is not None and known.request != request:
            raise KeyReused(f"{key} stands for another request.")
        if known is None:
            self._taken[provider_id] = Taken(request, key, fence)
        if self.answers_lost:
            self.answers_lost -= 1
            raise ConnectionResetError("the answer is lost")
        return provider_id

    def poll(self, provider_id: str) -> Poll:
        taken = self._taken.get(provider_id)
        if taken is None:
            return Poll(RunState.UNKNOWN)
        if taken.cancelled:
            return Poll(RunState.CANCELLED)
        return Poll(taken.waits.pop(0) if taken.waits else RunState.SUCCEEDED)

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

    def reconcile(self, key: UUID, fence: str | None, since: datetime | None = None) -> tuple[str, ...]:
        return tuple(name for name, taken in self._taken.items() if taken.key == key)

    def close(self, fence: str) -> None:
        self._fences[fence] = False

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
