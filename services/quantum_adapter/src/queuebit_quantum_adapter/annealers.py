"""The port to annealers: spins in, samples out. `Annealed` makes any annealer a provider, so that what is handed in there goes
through the same ledger as circuits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from queuebit_quantum_adapter.errors import TooManyQubits, UnusableProblem
from queuebit_quantum_adapter.evidence.port import Hear
from queuebit_quantum_adapter.ports import Capabilities, Poll, Preflight, Request, Result, Spins


@dataclass(frozen=True, slots=True)
class Annealing:
    """Spins that are to be read so many times, all reads with one seed where the annealer takes one."""

    spins: Spins
    reads: int
    seed: int


@dataclass(frozen=True, slots=True)
class Samples:
    """How often each outcome was read: bit k is 1 where spin k is -1. `record` is what reproduces it, `timing` what differs."""

    counts: Mapping[int, int]
    record: Mapping[str, Any] = field(default_factory=dict)
    timing: Mapping[str, Any] = field(default_factory=dict)


class Annealer(Protocol):
    """One annealer. What it raises means the same as what a `Provider` raises; it has no fences."""

    def capabilities(self) -> Capabilities:
        """`qubits_max` is how many spins it takes, `shots_max` how many reads."""
        ...

    def discover(self) -> tuple[Capabilities, ...]: ...

    def prepare(self, asked: Annealing) -> Preflight:
        """Refuse what it cannot take, beyond the numbers of its capabilities. Nothing is sent. Raises AdapterError."""
        ...

    def submit(self, asked: Annealing, key: UUID) -> str: ...

    def poll(self, provider_id: str) -> Poll: ...

    def samples(self, provider_id: str) -> Samples: ...

    def cancel(self, provider_id: str) -> None: ...

    def reconcile(self, key: UUID) -> tuple[str, ...]: ...

    def overhear(self, hear: Hear | None) -> None:
        """As of a provider that is `Overheard`; nothing where there is no wire."""
        ...


class Annealed:
    """An annealer as a provider."""

    def __init__(self, annealer: Annealer) -> None:
        self._annealer = annealer

    def capabilities(self) -> Capabilities:
        return _of_spins(self._annealer.capabilities())

    def discover(self) -> tuple[Capabilities, ...]:
        return tuple(_of_spins(each) for each in self._annealer.discover())

    def preflight(self, request: Request) -> Preflight:
        return self._annealer.prepare(self._asked(request))

    def fence(self, key: UUID) -> str | None:
        """Annealers have none."""

    def submit(self, request: Request, key: UUID, fence: str | None) -> str:  # noqa: ARG002
        return self._annealer.submit(self._asked(request), key)

    def poll(self, provider_id: str) -> Poll:
        return self._annealer.poll(provider_id)

    def result(self, provider_id: str) -> Result:
        found = self._annealer.samples(provider_id)
        return Result((found.counts,), record=found.record, timing=found.timing)

    def cancel(self, provider_id: str) -> None:
        self._annealer.cancel(provider_id)

    def reconcile(self, key: UUID, fence: str | None, since: datetime | None = None) -> tuple[str, ...]:  # noqa: ARG002
        return self._annealer.reconcile(key)

    def close(self, fence: str) -> None:
        """There are no fences."""

    def overhear(self, hear: Hear | None) -> None:
        self._annealer.overhear(hear)

    def _asked(self, request: Request) -> Annealing:
        """Raises UnusableProblem for circuits, TooManyQubits for more spins than it takes."""
        spins = request.spins
        if spins is None or request.circuits:
            raise UnusableProblem(
                "An annealer runs no circuits.", remedy="Ask for params.method anneal, or another backend."
            )
        told = self._annealer.capabilities()
        if spins.count > told.qubits_max:
            raise TooManyQubits(
                f"The problem needs {spins.count} spins; {told.backend} takes {told.qubits_max}.",
                remedy="State a smaller problem, or use another backend.",
            )
        reads = request.shots or 1
        if reads > told.shots_max:
            raise UnusableProblem(
                f"{told.backend} reads at most {told.shots_max} times, not {reads}.", remedy="State fewer shots."
            )
        return Annealing(spins, reads, request.seeds[0])


def _of_spins(told: Capabilities) -> Capabilities:
    return replace(told, annealer=True, circuits_max=0)
