"""The port to quantum providers, in our own words.

Providers are called from a worker process that can be killed, so every method may block; none may retry a submission by
itself. A provider raises only errors of `errors.py`; whatever else it raises after a request was sent means that nobody knows
whether it was taken. A local simulator may have finished when `submit` returns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from queuebit_circuits.circuit import Bound
from queuebit_circuits.pauli import PauliSum
from queuebit_contracts.failures import FailureAction, FailureCode
from queuebit_contracts.jobs import Lane


class RunState(StrEnum):
    """Where a submission stands at its provider. UNKNOWN is what a provider says in words that we do not know: it may still
    run. Only the provider's own explicit word makes a state final.
    """

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"

    @property
    def final(self) -> bool:
        return self in (RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED)


class Recovery(StrEnum):
    """How the fate of a submission is found out whose answer was lost.

    TOKEN: the same key, sent again, is the same submission. FENCE: a submission is sent inside a fence that is closed before
    its absence is declared, so that a late one bounces; then it is searched for by its key. SEARCH: it is searched for, but one
    that is late may come after the search. NONE: nothing outlives the process that sent it, and nothing is paid.
    """

    TOKEN = "token"  # noqa: S105
    FENCE = "fence"
    SEARCH = "search"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a backend is and can do. `noise` says what its samples are subject to: "ideal" or the name of a model or device.

    `exact`: whether it computes expectation values from the state, without shots. `estimates`: whether `preflight` says what is
    to be expected of a request. `repeats`: whether equal seeds give equal outcomes. `recovery`: how a lost answer is found
    again; `lag_s`: how long after a request was sent it may still be taken without being found, at most. `calibrated_at`: when
    its noise was last measured, RFC 3339; `health`: the share of it that works, from 0 to 1; None where that means nothing.
    `circuits_max`: how many circuits one request may have. `annealer`: whether it takes spins, and no circuits. `mitigations`:
    what it does against errors where it is asked to; one that names any estimates expectation values by itself. `memory`:
    whether it tells the outcome of each run.
    """

    backend: str
    version: str
    lane: Lane
    qubits_max: int
    shots_max: int
    noise: str
    exact: bool = False
    estimates: bool = False
    repeats: bool = True
    recovery: Recovery = Recovery.NONE
    lag_s: float = 0.0
    calibrated_at: str | None = None
    health: float | None = None
    circuits_max: int = 256
    annealer: bool = False
    mitigations: tuple[str, ...] = ()
    memory: bool = False


@dataclass(frozen=True, slots=True)
class Spins:
    """Minimise the sum of fields h_i s_i and of couplings J_ij s_i s_j over spins of -1 or +1, numbered from 0."""

    count: int
    fields: tuple[tuple[int, float], ...]
    couplings: tuple[tuple[int, int, float], ...]


@dataclass(frozen=True, slots=True)
class Mitigation:
    """What is to be done against errors: `methods`, in the order in which they are named.

    dd: dynamical decoupling by `dd_sequence` where a qubit is idle. twirling: of gates and measurements. trex: expectation
    values are corrected for readouts that err. zne: they are taken at the `zne_factors` of the noise, and to none by the first
    of the `zne_extrapolators` that fits. pea and pec are known by name, so that they can be refused by it.
    """

    methods: tuple[str, ...] = ()
    dd_sequence: str = "XX"
    zne_factors: tuple[float, ...] = (1.0, 3.0, 5.0)
    zne_extrapolators: tuple[str, ...] = ("exponential", "linear")


NO_MITIGATION = Mitigation()
MITIGATIONS = ("dd", "twirling", "trex", "zne", "pea", "pec")
ON_SAMPLES = frozenset({"dd", "twirling"})
"""What changes how circuits run; the others correct expectation values, and samples have none."""


@dataclass(frozen=True, slots=True)
class Transpilation:
    """How circuits are fitted to a device: the `level` of optimisation, from 0 to 3, and the qubit of the device on which each
    qubit of a circuit begins. None: as the backend does by itself.
    """

    level: int | None = None
    layout: tuple[int, ...] | None = None


AS_USUAL = Transpilation()


@dataclass(frozen=True, slots=True)
class Request:
    """Circuits to run one after the other, each with a seed of its own; or, of an annealer, `spins` and no circuit.

    With `shots`, the outcomes of so many runs of each are wanted. With `observable` alone, its exact expectation value in
    the final state of each: only of a backend that is `exact`. With both, the value as the backend estimates it from so many
    runs in each basis that it needs: only of one that has `mitigations`. A circuit with slots is compiled and checked once for
    all values of its slots. Of spins so many `shots` are read with the one seed: bit k of an outcome is 1 where spin k is -1.
    With `memory` the outcome of each run is wanted too: only of a backend that tells it. `transpilation`: how the circuits are
    fitted, of a backend that fits them to a device.
    """

    circuits: tuple[Bound, ...]
    seeds: tuple[int, ...]
    shots: int | None = None
    observable: PauliSum | None = None
    spins: Spins | None = None
    mitigation: Mitigation = NO_MITIGATION
    memory: bool = False
    transpilation: Transpilation = AS_USUAL


@dataclass(frozen=True, slots=True)
class Estimated:
    """A value that was estimated from runs, and its standard error; the same runs without correction give `raw`."""

    std_error: float
    raw: float
    raw_std_error: float


@dataclass(frozen=True, slots=True)
class Result:
    """What came back of a request, in the order of its circuits: `counts` or `values`; of values that were not computed but
    estimated, how well, in `estimated`.

    `memory`: the outcomes of each run, in order, where they were asked for. `counts` map each outcome to how often it was
    seen: bit k of the integer is classical bit k. `record` holds what reproduces the run and is equal whenever the same
    request runs again: transpiler, packages, and under "equivalence" how it was checked that the circuits that ran are
    those that were asked for. `ran` says the same of each circuit by itself: the "form" that it is of, its layout, of one
    with slots its fingerprint as it ran. `timing` holds what is not equal: seconds spent in each step, whether the
    templates were cached.
    """

    counts: tuple[Mapping[int, int], ...] = ()
    values: tuple[float, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)
    ran: tuple[Mapping[str, Any], ...] = ()
    timing: Mapping[str, Any] = field(default_factory=dict)
    estimated: tuple[Estimated, ...] = ()
    memory: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class CostPart:
    """One part of a price, such as shots or seconds of a processor."""

    name: str
    amount: float
    currency: str


@dataclass(frozen=True, slots=True)
class Preflight:
    """What is to be expected of a request that fits.

    `qubits`: of its widest circuit; `memory_bytes`: what simulating it takes, 0 elsewhere. `success`: the estimated success
    probability of its worst circuit as the backend would run it, from 0 to 1; `seconds`: how long the backend takes for all of
    it, an upper guess; None where the backend does not estimate. `cost`: nothing where it is free; `cost_at_least`: whether it
    may cost more than these parts say. `record` and `ran` are those parts of the result that are known before: of a provider
    whose results are fetched by any process, which may not have prepared the request.
    """

    qubits: int
    memory_bytes: int = 0
    success: float | None = None
    seconds: float | None = None
    cost: tuple[CostPart, ...] = ()
    cost_at_least: bool = False
    record: Mapping[str, Any] = field(default_factory=dict)
    ran: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Poll:
    """How a submission stands. `queue_position` counts those before it, `wait_s` is the provider's guess: None where it says
    nothing. `detail` are the provider's own words about the state. Of one that failed: what that is in our words, what the plan
    is to do, the provider's own code for it, and what a person can do; None and nothing where that is not known.
    """

    state: RunState
    queue_position: int | None = None
    wait_s: float | None = None
    detail: str = ""
    code: FailureCode | None = None
    action: FailureAction | None = None
    reason: str | None = None
    remedy: str = ""


class Joining(Protocol):
    """A provider that runs requests of several attempts together: one that runs here and charges nothing."""

    def run_together(self, requests: Sequence[Request]) -> list[Result]:
        """What each request, preflighted before, gives alone, in as few executions as there are structures. Raises AdapterError
        where one cannot run: then none has a result.
        """
        ...


class Provider(Protocol):
    """One backend of one provider."""

    def capabilities(self) -> Capabilities: ...

    def discover(self) -> tuple[Capabilities, ...]:
        """Every backend that the provider has for us now, this one among them. Raises AdapterError."""
        ...

    def preflight(self, request: Request) -> Preflight:
        """Get ready to submit: transpile, check that it is still the same circuit, refuse what the backend cannot run.

        Nothing is sent or paid. Raises AdapterError: NotEquivalent where a conversion changed a circuit.
        """
        ...

    def fence(self, key: UUID) -> str | None:
        """Open a fence for the one submission under a key: its id at the provider, which is kept before anything is sent. None
        where the provider has no fences. Raises AdapterError.
        """
        ...

    def submit(self, request: Request, key: UUID, fence: str | None) -> str:
        """Hand in the request under an idempotency key, inside its fence; the provider's own id comes back.

        An AdapterError that is `unsent` says that the request was not taken, in the provider's words or before it was sent; of
        any other exception nobody knows. Where `recovery` is TOKEN or NONE a repeated key gives the same id, and KeyReused
        where it stands for another request.
        """
        ...

    def poll(self, provider_id: str) -> Poll:
        """Raises AdapterError where the provider does not answer: that says nothing about the submission."""
        ...

    def result(self, provider_id: str) -> Result:
        """What a request that was submitted and succeeded gave. Raises AdapterError where it is not here: SubmissionEnded where
        the provider says that it never will be.
        """
        ...

    def cancel(self, provider_id: str) -> None:
        """Ask for the end of a submission; no error where it has ended."""
        ...

    def reconcile(self, key: UUID, fence: str | None, since: datetime | None = None) -> tuple[str, ...]:
        """The provider's ids of all that was submitted under the key, the oldest first. `fence`: the last that was opened for
        it. `since`: nothing was handed in under it before that moment, by the ledger's clock; it may make the search cheaper.
        Raises AdapterError where the provider does not answer, or in words that are not understood: that is not the same as
        nothing.
        """
        ...

    def close(self, fence: str) -> None:
        """Close a fence: from now on nothing is taken inside it. What was taken before goes on. No error where it is closed."""
        ...
