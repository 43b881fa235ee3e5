"""Whether two circuits do the same: by simulation where they are small, else by Clifford stand-ins and gate by gate.

Small (no more than QUBITS_MAX qubits, and not too long): both take random product states to the same states, up to a phase.
With measurements, resets and branches, both are led through the same random outcomes: these must be as probable in both, and
leave the same state. Two circuits that differ agree on a random product state with probability 0, up to rounding.

Large: the angles of the circuit are replaced by random ones for which every gate is a Clifford gate, and what is no Clifford
gate at any angle by one that acts on the same qubits. This stand-in goes through the same conversion, and both sides must take
the same random Pauli strings to the same ones: that finds wrong qubits, orders, signs and factors of angles at any size.
Beside it every distinct gate goes through the conversion alone, with its own angles, and must come out with its own matrix.
Measurements become couplings to qubits of their own, branches are taken both ways, and conditions must be the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

import numpy as np

from queuebit_circuits.circuit import Bound, Branch, Circuit, Gate, Measure, Operation, Reset, length_of, walk
from queuebit_circuits.gates import GATES
from queuebit_quantum_adapter.errors import NotEquivalent
from queuebit_quantum_adapter.verification.matrices import (
    Choice,
    Passage,
    State,
    Step,
    Unitary,
    after,
    fidelities,
    gate_matrix,
    go,
    product_state,
    steps_of,
)
from queuebit_quantum_adapter.verification.pauli_images import PauliStrings, is_clifford

QUBITS_MAX = 10
WORK_MAX = 2_000_000
"""Gates times amplitudes, up to which a circuit is simulated."""
STATES = 3
STRINGS = 64
GATES_MAX = 200
TEMPLATE_QUBITS_MAX = 6
"""Templates are compared at any size by strings; simulation beside it only where it costs next to nothing."""
TOLERANCE = 1e-9

Convert = Callable[[Circuit], Sequence[Step]]
"""From our circuit to what the backend would do."""


@dataclass(frozen=True, slots=True)
class Equivalence:
    """What the check did. `fidelity`: the lowest of all inputs, 1 where both circuits did the same."""

    method: str
    inputs: int
    fidelity: float


def check_circuit(circuit: Circuit, convert: Convert, seed: int) -> Equivalence:
    """Convert the circuit and compare. Raises NotEquivalent."""
    generator = np.random.default_rng(seed)
    if circuit.qubits <= QUBITS_MAX and length_of(circuit.operations) << circuit.qubits <= WORK_MAX:
        generic = at_random_angles(circuit, generator)
        trials = [
            same_on_states(steps_of(each.operations), convert(each), circuit.qubits, generator)
            for each in ((circuit,) if generic == circuit else (circuit, generic))
        ]
        return Equivalence(trials[0].method, sum(each.inputs for each in trials), min(each.fidelity for each in trials))
    stand_in = clifford_stand_in(circuit, generator)
    found = same_on_strings(steps_of(stand_in.operations), convert(stand_in), circuit.qubits, generator)
    count = _same_gates(circuit, convert, generator)
    return Equivalence(f"{found.method}, {count} distinct gates alone", found.inputs, found.fidelity)


def same_on_states(
    asked: Sequence[Step], made: Sequence[Step], qubits: int, generator: np.random.Generator
) -> Equivalence:
    """Compare by simulation. Raises NotEquivalent."""
    if all(isinstance(step, Unitary) for step in (*asked, *made)):
        method, inputs = "random product states", STATES
        starts = np.stack([product_state(qubits, generator) for _ in range(STATES)], axis=-1)
        worst = min(fidelities(after(asked, starts), after(made, starts)))
    else:
        method, inputs = "random outcomes on random product states", 3 * STATES
        worst = min(_on_outcomes(asked, made, product_state(qubits, generator), generator) for _ in range(inputs))
    if worst < 1 - TOLERANCE:
        raise NotEquivalent(
            f"The converted circuit does something else: on a random input the fidelity is {worst:.6f}."
        )
    return Equivalence(method, inputs, worst)


def _on_outcomes(asked: Sequence[Step], made: Sequence[Step], start: State, generator: np.random.Generator) -> float:
    """Lead both through the same random outcomes."""
    expected = go(asked, start, generator=generator, script={})
    return _alike(expected, go(made, start, generator=None, script=expected.outcomes))


def same_on_strings(
    asked: Sequence[Step], made: Sequence[Step], qubits: int, generator: np.random.Generator
) -> Equivalence:
    """Compare two Clifford circuits by random Pauli strings. Raises NotEquivalent."""
    left, right = _Unrolled(qubits), _Unrolled(qubits)
    left.add(asked)
    right.add(made)
    if sorted(left.conditions) != sorted(right.conditions) or set(left.extra) != set(right.extra):
        raise NotEquivalent("The converted circuit measures, resets or decides something else.")
    order = {name: place for place, name in enumerate(left.extra)}
    strings = PauliStrings(qubits + len(order), STRINGS, generator)
    other = strings.copy()
    try:
        strings.pass_through(left.gates(order))
        other.pass_through(right.gates(order))
    except ValueError as error:
        raise NotEquivalent(f"The converted circuit is no Clifford circuit as it should be: {error}.") from error
    share = strings.agreement(other)
    if share < 1:
        raise NotEquivalent(f"The converted circuit does something else: {share:.0%} of random Pauli strings agree.")
    return Equivalence("clifford stand-in on random pauli strings", STRINGS, share)


def check_template(template: Circuit, convert: Callable[[Sequence[float]], Sequence[Step]], seed: int) -> Equivalence:
    """Compare a circuit with slots with what a backend made of it, given the angles. Raises NotEquivalent.

    At random multiples of a quarter turn every gate that algorithms draw is a Clifford gate: so any size is compared,
    measurements included; where it is small, by simulation at random angles too.
    """
    generator = np.random.default_rng(seed)
    quarters = [float(turn) * np.pi / 2 for turn in generator.integers(0, 4, size=template.slots)]
    found = same_on_strings(template_steps(template, quarters), convert(quarters), template.qubits, generator)
    if template.qubits > TEMPLATE_QUBITS_MAX or length_of(template.operations) << template.qubits > WORK_MAX:
        return found
    angles = [float(angle) for angle in generator.uniform(-np.pi, np.pi, size=template.slots)]
    simulated = same_on_states(template_steps(template, angles), convert(angles), template.qubits, generator)
    return Equivalence(
        f"{found.method}; {simulated.method}", found.inputs + simulated.inputs, min(found.fidelity, simulated.fidelity)
    )


def template_steps(template: Circuit, angles: Sequence[float]) -> tuple[Step, ...]:
    """What a template does, its gates by our own table."""
    return steps_of(Bound(template, tuple(angles)).filled.operations)


def clifford_stand_in(circuit: Circuit, generator: np.random.Generator) -> Circuit:
    """A circuit of the same form whose every gate is a Clifford gate."""
    return Circuit(circuit.qubits, circuit.registers, _stand_ins(circuit.operations, generator))


def at_random_angles(circuit: Circuit, generator: np.random.Generator) -> Circuit:
    """A circuit of the same form whose angles are random: what special angles would hide shows there."""
    return Circuit(circuit.qubits, circuit.registers, _turned(circuit.operations, generator))


def _turned(operations: Iterable[Operation], generator: np.random.Generator) -> tuple[Operation, ...]:
    found: list[Operation] = []
    for operation in operations:
        match operation:
            case Gate(name, qubits, angles):
                turned = tuple(float(angle) for angle in generator.uniform(-np.pi, np.pi, size=len(angles)))
                found.append(Gate(name, qubits, turned))
            case Branch(clbits, values, then, otherwise):
                found.append(Branch(clbits, values, _turned(then, generator), _turned(otherwise, generator)))
            case _:
                found.append(operation)
    return tuple(found)


def _stand_ins(operations: Iterable[Operation], generator: np.random.Generator) -> tuple[Operation, ...]:
    found: list[Operation] = []
    for operation in operations:
        match operation:
            case Gate():
                found += _stand_in(operation, generator)
            case Branch(clbits, values, then, otherwise):
                found.append(Branch(clbits, values, _stand_ins(then, generator), _stand_ins(otherwise, generator)))
            case _:
                found.append(operation)
    return tuple(found)


def _stand_in(gate: Gate, generator: np.random.Generator) -> list[Operation]:
    kind = GATES[gate.name]
    quarter = np.pi if kind.controls else np.pi / 2
    angles = tuple(float(quarter * turn) for turn in generator.integers(0, 4, size=kind.angles))
    if is_clifford(gate_matrix(gate.name, angles), kind.qubits):
        return [Gate(gate.name, gate.qubits, angles)]
    if kind.qubits == 1:
        return [Gate("sdg" if gate.name == "tdg" else "s", gate.qubits)]
    return [Gate("cx", pair) for pair in zip(gate.qubits, gate.qubits[1:], strict=False)]


def _same_gates(circuit: Circuit, convert: Convert, generator: np.random.Generator) -> int:
    """Each distinct gate by itself, or so many of them chosen by lot. Raises NotEquivalent."""
    distinct = sorted({(each.name, each.angles) for each in walk(circuit.operations) if isinstance(each, Gate)})
    if len(distinct) > GATES_MAX:
        distinct = [distinct[place] for place in sorted(generator.choice(len(distinct), GATES_MAX, replace=False))]
    for name, angles in distinct:
        width = GATES[name].qubits
        alone = Circuit(width, (), (Gate(name, tuple(range(width)), angles),))
        same_on_states(steps_of(alone.operations), convert(alone), width, generator)
    return len(distinct)


def _alike(expected: Passage, found: Passage) -> float:
    if expected.outcomes.keys() != found.outcomes.keys():
        return 0.0
    if abs(expected.probability - found.probability) > TOLERANCE:
        return min(expected.probability, found.probability) / max(expected.probability, found.probability)
    return min(fidelities(expected.state[..., np.newaxis], found.state[..., np.newaxis]))


class _Unrolled:
    """A circuit without measurement: what would be measured or thrown away goes to a qubit of its own."""

    def __init__(self, qubits: int) -> None:
        self._qubits = qubits
        self._gates: list[tuple[Unitary, tuple[Any, ...]]] = []
        self._seen: dict[tuple[str, int], int] = {}
        self.extra: list[Any] = []
        self.conditions: list[tuple[Any, ...]] = []

    def add(self, steps: Iterable[Step]) -> None:
        for step in steps:
            match step:
                case Unitary(_, qubits):
                    self._gates.append((step, qubits))
                case Measure(qubit, clbit):
                    self._couple("cx", qubit, ("measure", clbit))
                case Reset(qubit):
                    self._couple("swap", qubit, ("reset", qubit))
                case Choice(clbits, values, then, otherwise):
                    wanted = sorted(
                        tuple(sorted((clbit, value >> place & 1) for place, clbit in enumerate(clbits)))
                        for value in values
                    )
                    self.conditions.append((tuple(wanted), _touched(then), _touched(otherwise)))
                    self.add(then)
                    self.add(otherwise)
                case _:
                    assert_never(step)

    def gates(self, order: dict[Any, int]) -> list[Unitary]:
        """With the extra qubits in this order behind the others."""
        return [
            Unitary(gate.matrix, tuple(q if isinstance(q, int) else self._qubits + order[q] for q in at))
            for gate, at in self._gates
        ]

    def _couple(self, name: str, qubit: int, wire: tuple[str, int]) -> None:
        count = self._seen.get(wire, 0)
        self._seen[wire] = count + 1
        extra = (*wire, count)
        self.extra.append(extra)
        self._gates.append((Unitary(gate_matrix(name, ()), ()), (qubit, extra)))


def _touched(steps: Iterable[Step]) -> tuple[int, ...]:
    """The qubits that something is done to."""
    found: set[int] = set()
    for step in steps:
        match step:
            case Unitary(_, qubits):
                found.update(qubits)
            case Measure(qubit, _) | Reset(qubit):
                found.add(qubit)
            case Choice(_, _, then, otherwise):
                found.update(_touched(then), _touched(otherwise))
            case _:
                assert_never(step)
    return tuple(sorted(found))
