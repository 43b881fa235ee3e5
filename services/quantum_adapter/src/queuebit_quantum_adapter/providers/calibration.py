"""How well a device was calibrated, from a target of Qiskit's. Imported in worker processes only."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median
from typing import Any

from queuebit_contracts.canonical import fingerprint
from queuebit_quantum_adapter.backends.conditions import Calibration


def calibration_of(target: Any) -> Calibration:
    """Medians over what works: over qubits, and over each coupling by its best gate. An error of 1 says that it is broken."""
    pairs: dict[frozenset[int], list[float]] = {}
    readout: list[float] = []
    for name in target.operation_names:
        for place, properties in (target[name] or {}).items():
            error = getattr(properties, "error", None)
            if place is None or error is None:
                continue
            if name == "measure":
                readout.append(error)
            elif len(place) == 2:
                pairs.setdefault(frozenset(place), []).append(error)
    best = [min(each) for each in pairs.values()]
    told = [*best, *readout]
    qubits = [each for each in target.qubit_properties or () if each is not None]
    return Calibration(
        qubits=int(target.num_qubits),
        couplings=len(best) or None,
        working=sum(error < 1 for error in told) / len(told) if told else None,
        two_qubit_error=_median(error for error in best if error < 1),
        readout_error=_median(error for error in readout if error < 1),
        t1_s=_median(each.t1 for each in qubits if each.t1),
        t2_s=_median(each.t2 for each in qubits if each.t2),
    )


def calibration_used(target: Any, used: Iterable[int]) -> str:
    """SHA-256 of all that was measured of these qubits, and of what couples them: what a circuit on them depends on."""
    qubits = sorted(set(used))
    told = target.qubit_properties or ()
    gates = [
        [name, list(place), getattr(properties, "error", None), getattr(properties, "duration", None)]
        for name in sorted(target.operation_names)
        for place, properties in sorted((target[name] or {}).items(), key=lambda each: each[0] or ())
        if place is not None and set(place) <= set(qubits)
    ]
    times = [[place, *_times(told[place] if place < len(told) else None)] for place in qubits]
    return fingerprint([gates, times])


def _times(properties: Any) -> list[float | None]:
    return [getattr(properties, name, None) for name in ("t1", "t2", "frequency")]


def _median(values: Iterable[float]) -> float | None:
    found = [float(value) for value in values]
    return median(found) if found else None
