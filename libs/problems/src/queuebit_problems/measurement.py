"""What a kind of measurement is: circuits to run on a device, an exact reference, and statistical tests of an answer.

The logic of a measurement (which circuits, which bases, the loop of a variational search) is the kind's own and knows no SDK;
a `Device` runs the circuits: our exact reference, a simulator, or hardware through its provider.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from queuebit_circuits.circuit import Circuit
from queuebit_circuits.pauli import PauliSum
from queuebit_circuits.readout import Readout
from queuebit_contracts.jobs import Number
from queuebit_problems.kind import Answer, Family, Kind, S

Counts = Mapping[str, int]
"""How often each outcome was seen; keys as `Circuit.key` writes them."""


@dataclass(frozen=True, slots=True)
class Raw:
    """What the same runs say without any correction."""

    value: float
    std_error: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """An expectation value and its standard error, in the observable's unit; the error is 0 where it was computed exactly.

    `bias_max`: how far the noise of the machine may have taken it, beside chance; 0 where it has none or does not say.
    `raw`: what it was before the machine's errors were corrected, where that was done.
    `mitigated`: the same with what is known of that noise taken out. `shots`: the runs in each basis, 0 where there are none.
    `terms`: value and standard error of each string of the observable, where asked for; None of one that was not measured.
    """

    value: float
    std_error: float
    bias_max: float = 0.0
    raw: Raw | None = None
    mitigated: Estimate | None = None
    shots: int = 0
    terms: tuple[tuple[float, float] | None, ...] = ()


class Device(Protocol):
    """Runs circuits. The same circuits, shots and seed give the same results. Errors are the device's own."""

    @property
    def name(self) -> str: ...

    def counts(self, circuits: Sequence[Circuit], *, shots: int, seed: int) -> list[Counts]:
        """The outcomes of `shots` runs of each circuit, in their order."""
        ...

    def outcomes(self, circuit: Circuit, *, shots: int, seed: int) -> list[str]:
        """The outcome of each of `shots` runs of a circuit, in the order of the runs."""
        ...

    def readouts(self) -> Sequence[Readout | None]:
        """How wrong the bits of each circuit of the last call are read, as far as the machine says; nothing of one without
        noise, and None of a circuit whose readings something follows on.
        """
        ...

    def models(self) -> Sequence[Mapping[str, float] | None]:
        """The probabilities that the noise of the machine gives the outcomes of each circuit of the last call, where they are
        known; nothing of a machine without noise.
        """
        ...

    def expectations(
        self,
        circuits: Sequence[Circuit],
        observable: PauliSum,
        *,
        shots: int | None,
        seed: int,
        per_term: bool = False,
    ) -> list[Estimate]:
        """The expectation value in the final state of each circuit (which measures nothing), in their order; with `per_term`
        that of each string too.

        With shots None it is computed from the state, where the device can, else from a number of shots of its choice.
        """
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """How far a measurement has come: iterations of its loop, and the best value so far."""

    iterations: int
    objective: Number | None = None
    detail: str = ""


OnStep = Callable[[Step], None]
Stop = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Effort:
    """What may be used: `budget_s` seconds of wall time, and the seed of all that is random."""

    budget_s: float
    seed: int


@dataclass(frozen=True, slots=True)
class Measured:
    """An answer and how it came about.

    `objective` is None where answers of the kind have none; `bound` and `proven_optimal` as for optimisation problems.
    `circuits` are those that the answer rests on (the last ones of a loop), for fingerprints and exchange.
    """

    answer: Answer
    objective: Number | None
    method: str
    bound: Number | None = None
    proven_optimal: bool = False
    shots: int = 0
    iterations: int = 1
    circuits: tuple[Circuit, ...] = ()
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Test:
    """One statistical test of an answer against the exact reference.

    `statistic` with the interval [`low`, `high`] in which its true value lies (95 %), and the `limit` that it must keep.
    """

    name: str
    statistic: float
    low: float
    high: float
    limit: float
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Examination:
    """What recomputing an answer gave. `exact` is False where the problem is too large for the reference: then only what can
    be checked without it was.
    """

    exact: bool
    tests: tuple[Test, ...]
    objective: Number | None = None
    bound: Number | None = None
    proved: bool = False


class Measurement(Kind[S]):
    """A kind whose answer is measured on circuits: a distribution, an expectation value, a matrix of them."""

    family: ClassVar[Family] = "measurement"
    joins: ClassVar[bool] = False
    """Whether it asks its device once, so that its circuits may run together with those of other jobs."""

    @abstractmethod
    def measure(self, statement: S, device: Device, effort: Effort, on_step: OnStep, stop: Stop) -> Measured:
        """Run it on a device. Ends early with the best so far when the budget is used or `stop` says so.

        Raises ProblemError where the statement cannot be run at all.
        """

    @abstractmethod
    def exact(self, statement: S, effort: Effort) -> Measured | None:
        """The answer by exact computation on a classical machine, as the peer of every device; None where it is too large."""

    @abstractmethod
    def examine(self, statement: S, answer: Answer) -> Examination:
        """Recompute a readable answer and test it, independently of how it came about."""
