"""Random circuits on two simulators, and whether what both saw is the same within shot noise."""

from __future__ import annotations

import random
from collections.abc import Mapping
from uuid import UUID

import numpy as np
from scipy.stats import chi2_contingency  # type: ignore[import-untyped]

from queuebit_circuits.circuit import Bound, Circuit, Measure, Register
from queuebit_quantum_adapter.ports import Provider, Request
from queuebit_quantum_adapter.providers.aer.ideal import IdealTarget
from queuebit_quantum_adapter.providers.aer.provider import AerProvider
from queuebit_quantum_adapter.submissions.local import run_to_end
from tests.unit.quantum_adapter.circuits_at_random import some_gates

SHOTS = 2_000
P_MIN = 1e-6
"""Of a million comparisons of simulators that agree, one is below."""
RARE = 10


def a_circuit(qubits: int, seed: int, gates: int = 10) -> Circuit:
    """Any gates, and every qubit read into some bit, one bit into none."""
    generator = random.Random(seed)
    operations = some_gates(generator, qubits, gates)
    places = generator.sample(range(qubits + 1), qubits)
    reads = [Measure(qubit, place) for qubit, place in enumerate(places)]
    return Circuit(qubits, (Register("c", qubits + 1),), (*operations, *reads))


def on_aer(circuits: tuple[Circuit, ...]) -> list[Mapping[int, int]]:
    return outcomes_of(AerProvider(IdealTarget(qubits_max=8, memory_bytes_max=2**30)), circuits)


def outcomes_of(provider: Provider, circuits: tuple[Circuit, ...]) -> list[Mapping[int, int]]:
    """Checked as before any run, then run, one by one."""
    found: list[Mapping[int, int]] = []
    for place, circuit in enumerate(circuits):
        request = Request((Bound(circuit),), (place,), SHOTS)
        provider.preflight(request)
        found += run_to_end(provider, request, UUID(int=place + 1), lambda: None).counts
    return found


def alike(left: Mapping[int, int], right: Mapping[int, int]) -> float:
    """How probable a difference as large as this is where both are the same; outcomes that are rare count as one."""
    both = {bits: (left.get(bits, 0), right.get(bits, 0)) for bits in left.keys() | right.keys()}
    often = [pair for pair in both.values() if sum(pair) >= RARE]
    rare = np.array([pair for pair in both.values() if sum(pair) < RARE]).reshape(-1, 2).sum(axis=0)
    table = np.array([*often, *([rare] if rare.sum() >= RARE else [])])
    return 1.0 if len(table) < 2 else float(chi2_contingency(table).pvalue)


def mirrored(counts: Mapping[int, int], bits: int) -> dict[int, int]:
    """What would be seen if the bits were read from the other end."""
    return {int(format(outcome, f"0{bits}b")[::-1], 2): count for outcome, count in counts.items()}
