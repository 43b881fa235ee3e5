"""The port to quantum providers, in our own words, and the ledger that makes a submission happen once.

Providers are called from a worker process that can be killed, so every method may block; none may retry a submission by
itself. A provider raises only errors of `errors.py`. A local simulator may have finished when `submit` returns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from queuebit_circuits.circuit import Bound
from queuebit_circuits.pauli import PauliSum
from queuebit_contracts.jobs import Lane


class SubmissionState(StrEnum):
    """Where a submission stands. UNKNOWN is what a provider says in words that we do not know: it may still run."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"

    @property
    def final(self) -> bool:
        return self in (SubmissionState.SUCCEEDED, SubmissionState.FAILED, SubmissionState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a backend is and can do. `noise` says what its samples are subject to: "ideal" or the name of a model or device.

    `exact`: whether it computes expectation values from the state, without shots. `estimates`: whether it says beforehand what
    is to be expected of a request. `calibrated_at`: when its noise was last
    measured, RFC 3339; `health`: the share of it that works, from 0 to 1; None where that means nothing.
    """

    backend: str
    version: str
    lane: Lane
    qubits_max: int
    shots_max: int
    noise: str
    exact: bool = False
    estimates: bool = False
    calibrated_at: str | None = None
    health: float | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """Circuits to run one after the other, each with a seed of its own.

    With `shots`, the outcomes of so many runs of each are wanted. With `observable` instead, its exact expectation value in
    the final state of each: only of a backend that is `exact`. A circuit with slots is compiled and checked once for all
    values of its slots.
    """

    circuits: tuple[Bound, ...]
    seeds: tuple[int, ...]
    shots: int | None = None
    observable: PauliSum | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What came back of a request, in the order of its circuits: `counts` or `values`.

    `counts` map each outcome to how often it was seen: bit k of the integer is classical bit k. `record` holds what reproduces
    the run and is equal whenever the same request runs again: transpiler, packages, and under "equivalence" how it was checked
    that the circuits that ran are those that were asked for. `ran` says the same of each circuit by itself: the "form" that it
    is of, its layout, of one with slots its fingerprint as it ran. `timing` holds what is not equal: seconds spent in each
    step, whether the templates were cached.
    """

    counts: tuple[Mapping[int, int], ...] = ()
    values: tuple[float, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)
    ran: tuple[Mapping[str, Any], ...] = ()
    timing: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is to be expected of a request.

    `success`: the estimated success probability of its worst circuit as the backend would run it, from 0 to 1; `seconds`: how
    long the backend takes for all of it, an upper guess.
    """

    success: float
    seconds: float


class Provider(Protocol):
    """One backend of one provider."""

    def capabilities(self) -> Capabilities: ...

    def preflight(self, request: Request) -> None:
        """Get ready to submit: transpile, check that it is still the same circuit, refuse what the backend cannot run.

        Nothing is sent or paid. Raises AdapterError: NotEquivalent where a conversion changed a circuit.
        """
        ...

    def estimate(self, request: Request) -> Forecast:
        """What is to be expected of the request: only of a backend that `estimates`. Nothing is sent. Raises AdapterError."""
        ...

    def submit(self, request: Request, key: UUID) -> str:
        """Hand in the request under an idempotency key; the provider's own id comes back. A repeated key gives the same id.

        Raises KeyReused where the key stands for another request, and SubmitUnknown where the request was sent and its fate
        is not known; any other error means that it was not taken.
        """
        ...

    def poll(self, provider_id: str) -> SubmissionState: ...

    def result(self, provider_id: str) -> Result:
        """What a request that was submitted and succeeded gave. Raises AdapterError where it did not."""
        ...

    def cancel(self, provider_id: str) -> None:
        """Ask for the end of a submission; no error where it has ended."""
        ...

    def reconcile(self, key: UUID) -> str | None:
        """The provider's id of what was submitted under the key, or None where nothing was."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """What the ledger knows of a key. Not fresh and without a provider's id: sent perhaps, so it must be looked up."""

    fresh: bool
    provider_id: str | None = None


class Ledger(Protocol):
    """Remembers what was handed in. Intent first, submission second, record third: so that none is ever sent twice."""

    def intend(self, key: UUID, backend: str) -> Entry:
        """Note that a submission is about to be sent, and say what was known before."""
        ...

    def record(self, key: UUID, provider_id: str) -> None:
        """Note the provider's id."""
        ...


class FreeLedger:
    """The ledger of local simulators: nothing is paid and nothing outlives the process, so nothing needs to be kept."""

    def intend(self, key: UUID, backend: str) -> Entry:  # noqa: ARG002
        return Entry(fresh=True)

    def record(self, key: UUID, provider_id: str) -> None:
        pass
