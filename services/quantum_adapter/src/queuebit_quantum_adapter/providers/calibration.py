"""How well a device was calibrated, from a target of Qiskit's. Imported in worker processes only."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median
from typing import Any

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


def _median(values: Iterable[float]) -> float | None:
    found = [float(value) for value in values]
    return median(found) if found else None
