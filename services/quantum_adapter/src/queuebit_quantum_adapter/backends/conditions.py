"""How a backend is now, as its provider tells: also what only some of them tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from queuebit_quantum_adapter.ports import Capabilities


@dataclass(frozen=True, slots=True)
class Calibration:
    """How well a device was calibrated: medians over what works, in seconds where they are times. None where it is not told.

    `working`: the share of its qubits and couplings that works.
    """

    qubits: int
    couplings: int | None = None
    working: float | None = None
    two_qubit_error: float | None = None
    readout_error: float | None = None
    t1_s: float | None = None
    t2_s: float | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """How a backend is now. `queue_length`: how many wait there; None where it does not say. `detail`: in its own words.

    `calibrated_at`: RFC 3339.
    """

    available: bool = True
    queue_length: int | None = None
    calibrated_at: str | None = None
    calibration: Calibration | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Described:
    """What a backend can do, and how it is; None where it does not say."""

    capabilities: Capabilities
    condition: Condition | None = None


@runtime_checkable
class TellsCondition(Protocol):
    """A provider that says how its backend is, beside what it can do."""

    def condition(self) -> Condition:
        """How it is now, asked for anew. Raises AdapterError where the provider does not answer."""
        ...
