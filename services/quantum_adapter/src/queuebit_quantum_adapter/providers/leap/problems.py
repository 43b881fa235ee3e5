"""Spins as Leap takes them, and samples as it gives them.

Spin k sits on the k-th working qubit, and all spins are active, those without a field too: so the k-th active variable of an
answer is spin k, and any process reads it without knowing the annealer.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from dwave.cloud.coders import decode_qp_numpy  # type: ignore[import-untyped]

from queuebit_quantum_adapter.annealers import Annealing
from queuebit_quantum_adapter.errors import AnswerUnreadable, UnusableProblem

ISING = "ising"


class Graph:
    """The working qubits and couplers of an annealer, in the order in which problems are written, and its ranges."""

    def __init__(self, properties: Mapping[str, Any]) -> None:
        """Raises KeyError, TypeError or ValueError where they are not described."""
        self.written: Sequence[int] = [int(qubit) for qubit in properties["qubits"]]
        self.couplers = [(int(a), int(b)) for a, b in properties["couplers"]]
        self.qubits = sorted(self.written)
        self.fields = _largest(properties["h_range"])
        self.couplings = _largest(properties["j_range"])
        self._pairs = {frozenset(pair) for pair in self.couplers}

    def encoded(self, asked: Annealing) -> tuple[dict[str, Any], float]:
        """The problem, and by how much it was divided to keep the ranges. Raises UnusableProblem where it does not fit."""
        spins = asked.spins
        at = self.qubits[: spins.count]
        fields = dict.fromkeys(at, 0.0) | {at[i]: value for i, value in spins.fields}
        couplings: dict[frozenset[int], float] = {}
        for i, k, value in spins.couplings:
            pair = frozenset((at[i], at[k]))
            if pair not in self._pairs:
                raise UnusableProblem(
                    f"Spins {i} and {k} are coupled, and no coupler joins their qubits {at[i]} and {at[k]}.",
                    remedy="Use an annealer that couples all its qubits, or one of D-Wave's samplers on this machine.",
                )
            couplings[pair] = couplings.get(pair, 0.0) + value
        most = max(
            *(abs(value) / self.fields for value in fields.values()),
            *(abs(value) / self.couplings for value in couplings.values()),
            1e-300,
        )
        linear = [fields[qubit] / most if qubit in fields else float("nan") for qubit in self.written]
        active = [(a, b) for a, b in self.couplers if a in fields and b in fields]
        quadratic = [couplings.get(frozenset(pair), 0.0) / most for pair in active]
        return {"format": "qp", "lin": _packed(linear), "quad": _packed(quadratic)}, most


def counted(answer: Mapping[str, Any]) -> dict[int, int]:
    """How often each outcome was read: bit k is 1 where spin k is -1. Raises AnswerUnreadable."""
    try:
        found = decode_qp_numpy({"type": ISING, "answer": dict(answer)})
        active = np.sort(np.asarray(found["active_variables"]))
        rows, times = np.asarray(found["solutions"])[:, active], np.asarray(found["num_occurrences"])
        if not len(rows) or len(rows) != len(times) or not (np.abs(rows) == 1).all():
            raise ValueError("outcomes that are no spins")
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise AnswerUnreadable(f"Leap tells of samples in other words: {error!r}") from error
    counts: dict[int, int] = {}
    for row, number in zip(rows < 0, times, strict=True):
        bits = sum(1 << k for k, down in enumerate(row) if down)
        counts[bits] = counts.get(bits, 0) + int(number)
    return dict(sorted(counts.items()))


def _largest(bounds: Sequence[float]) -> float:
    low, high = (float(each) for each in bounds)
    if not low < 0 < high:
        raise ValueError(f"a range of {low} to {high}")
    return min(-low, high)


def _packed(values: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(values)}d", *values)).decode("ascii")
