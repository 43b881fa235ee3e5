"""What fits: qubits by tier, memory, and time. Pure numbers, checked before anything heavy is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from queuebit_contracts.jobs import Tier
from queuebit_quantum_adapter.errors import BudgetTooSmall, TooManyQubits, TooMuchMemory

AMPLITUDE_BYTES = 16
COPIES = 2


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of the simulator lane.

    `gate_amplitude_s` is the measured time of one gate on one amplitude on one thread, in seconds; `gate_s` and `run_s` are the
    costs of a gate and of a run whatever the size. `circuit_share` is the part of the budget that the circuit may take: the
    rest is for decoding and polish.
    """

    qubits_max: Mapping[Tier, int]
    memory_bytes_max: int
    gate_amplitude_s: float = 2.5e-9
    gate_s: float = 1e-5
    run_s: float = 0.01
    circuit_share: float = 0.8

    @property
    def qubits_hard_max(self) -> int:
        return max(self.qubits_max.values())


def statevector_bytes(qubits: int) -> int:
    """What a statevector simulation needs at its peak, in bytes: two copies of 2^n complex numbers."""
    return COPIES * AMPLITUDE_BYTES << qubits


def check_size(limits: Limits, tier: Tier, qubits: int) -> None:
    """Raises TooManyQubits or TooMuchMemory, naming the number and the bound."""
    bound = limits.qubits_max[tier]
    if qubits > bound:
        other = next((name for name, most in limits.qubits_max.items() if most >= qubits), None)
        remedy = "Use the classical lane, or state a smaller problem."
        if other is not None:
            remedy = f"Use the {other} tier (up to {limits.qubits_max[other]} qubits) or the classical lane."
        raise TooManyQubits(
            f"The problem needs {qubits} qubits; the simulator takes at most {bound} in the {tier} tier.", remedy=remedy
        )
    check_memory(limits, qubits)


def check_circuit_size(limits: Limits, tier: Tier, qubits: int) -> None:
    """For circuits to be measured, behind which no lane takes larger ones. Raises TooManyQubits or TooMuchMemory."""
    bound = limits.qubits_max[tier]
    if qubits > bound:
        other = next((name for name, most in limits.qubits_max.items() if most >= qubits), None)
        most = max(limits.qubits_max.values())
        remedy = f"State a circuit of at most {most} qubits."
        if other is not None:
            remedy = f"Use --tier {other} (field tier: {other}), which takes up to {limits.qubits_max[other]}."
        raise TooManyQubits(
            f"The circuit has {qubits} qubits; the simulator takes at most {bound} in the {tier} tier. {remedy}",
            remedy=remedy,
        )
    check_memory(limits, qubits)


def check_memory(limits: Limits, qubits: int) -> None:
    """Raises TooMuchMemory where a circuit of so many qubits cannot be simulated."""
    needed = statevector_bytes(qubits)
    if needed > limits.memory_bytes_max:
        raise TooMuchMemory(
            f"{qubits} qubits need {needed // 2**20} MiB; the simulator may use {limits.memory_bytes_max // 2**20} MiB."
        )


def estimated_s(limits: Limits, qubits: int, layers: int, terms: int) -> float:
    """How long the simulation of a QAOA circuit takes, in seconds, on one thread: an upper guess."""
    gates = qubits + layers * (qubits + terms)
    return limits.run_s + gates * (limits.gate_s + limits.gate_amplitude_s * (1 << qubits))


def affordable_layers(limits: Limits, budget_s: float, qubits: int, wished: int, terms: int) -> int:
    """The deepest circuit up to `wished` layers whose estimate fits the budget. Raises BudgetTooSmall where none does.

    It depends on the order alone and not on the machine's mood, so that a repeat of the job runs the same circuit.
    """
    share_s = budget_s * limits.circuit_share
    for layers in range(wished, 0, -1):
        if estimated_s(limits, qubits, layers, terms) <= share_s:
            return layers
    raise BudgetTooSmall(
        f"One layer on {qubits} qubits takes about {estimated_s(limits, qubits, 1, terms):.3g} s; "
        f"{share_s:.3g} s of the budget are for the circuit.",
    )
