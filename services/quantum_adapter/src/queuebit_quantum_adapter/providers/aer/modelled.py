"""Counts under noise together with the probabilities that the same noise gives them. In worker processes only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from qiskit_aer import AerSimulator
from qiskit_aer.library import SaveProbabilities

from queuebit_quantum_adapter.providers.aer.simulators import data_of
from queuebit_quantum_adapter.providers.aer.target import Drawn

MODEL_BITS_MAX = 10
"""So many bits are read at most: a probability for each of their outcomes is told."""
SHARE_MIN = 1e-12
LABEL = "model"


def modelled(
    simulator: AerSimulator, bound: Any, readout: Sequence[tuple[int, float, float]], shots: int, seed: int
) -> Drawn:
    """By one run: what the qubits would show is kept just before they are read, each once and at the end. `readout` says of
    each classical bit how often a 0 is read as 1 and a 1 as 0, which comes on top.
    """
    read = [item for item in bound.data if item.operation.name == "measure"]
    places = {bound.find_bit(item.clbits[0]).index: item.qubits[0] for item in read}
    circuit = bound.copy_empty_like()
    for item in bound.data:
        if item.operation.name != "measure":
            circuit.append(item.operation, item.qubits)
    clbits = [clbit for clbit, _, _ in readout]
    circuit.append(SaveProbabilities(len(clbits), label=LABEL), [places[clbit] for clbit in clbits])
    for item in read:
        circuit.append(item.operation, item.qubits, item.clbits)
    (data,) = data_of(simulator, [circuit], shots=shots, seed_simulator=seed)
    counts = dict(sorted((int(outcome, 16), count) for outcome, count in data["counts"].items()))
    shares = np.asarray(data[LABEL], dtype=np.float64).reshape((2,) * len(clbits))
    for k, (_, zero, one) in enumerate(readout):
        axis = len(clbits) - 1 - k
        wrong = np.array([[1 - zero, one], [zero, 1 - one]])
        shares = np.moveaxis(np.tensordot(wrong, shares, axes=(1, axis)), 0, axis)
    flat = shares.reshape(-1)
    model = {
        sum((place >> k & 1) << clbit for k, clbit in enumerate(clbits)): float(flat[place])
        for place in np.flatnonzero(flat > SHARE_MIN).tolist()
    }
    return Drawn(counts, model)
