"""What goes into the process that reads and fits circuits, and what comes back: plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from queuebit_circuits.circuit import Circuit
from queuebit_circuits.drawing import Picture
from queuebit_quantum_adapter.backends.spec import BackendSpec

FILE_BYTES_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class Stats:
    """A circuit in figures. `success`: the product of 1 - error over its gates and readouts; None where no error is known.

    `unknown_errors`: so many operations have no calibrated error, so that the true success is lower than `success` at best.
    """

    qubits: int
    depth: int
    operations: Mapping[str, int]
    two_qubit_gates: int
    two_qubit_depth: int
    success: float | None = None
    unknown_errors: int = 0
    layout: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Fit:
    """How a circuit is to be fitted: `target` is the name of a device; None leaves it as it is."""

    circuit: Circuit
    target: str | None = None
    level: int = 2
    seed: int = 7
    layout: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Fitting:
    """What became of it. `calibrated_at`: RFC 3339, of the device's errors."""

    picture: Picture
    stats: Stats
    calibrated_at: str | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """What a backend makes of a circuit, run so many times."""

    spec: BackendSpec
    circuit: Circuit
    shots: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """A backend's own estimate. None is not known, and never 0.

    `cost`: amounts by currency; `cost_at_least`: it may be more.
    """

    backend: str
    lane: str
    success: float | None = None
    seconds: float | None = None
    cost: Mapping[str, float] = field(default_factory=dict)
    cost_at_least: bool = False
    refused: str = ""
