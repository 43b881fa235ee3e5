"""The exact reference: state vectors and outcome distributions of circuits in numpy, independent of every quantum SDK.

Qubit q is bit q of an index of the state vector (qubit 0 the least significant, as in Qiskit). Measurements in the middle,
resets and branches are followed one by one, so nothing is sampled; measurements that nothing follows are read off at the end.
Whether a circuit is small enough is decided beforehand, from its counts alone (`cost`). One thread; of this package
only it, what it is made of, and `operators` import numpy, so import them only where something is computed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray

from queuebit_circuits.applying import State as State
from queuebit_circuits.applying import apply as apply
from queuebit_circuits.applying import apply_all, by_qubit
from queuebit_circuits.circuit import Barrier, Branch, Circuit, Gate, Measure, Operation, Reset, length_of
from queuebit_circuits.clifford import Parities
from queuebit_circuits.cost import IDLE, UPDATES_MIN, active, affordable, final_measurements, on_active
from queuebit_circuits.errors import UnfitCircuit
from queuebit_circuits.projecting import WEIGHT_MIN, flip, is_one, project
from queuebit_circuits.worlds import Charge, Follower, free

PROBABILITY_MIN = 1e-12
"""Outcomes that are less likely are left out; of a circuit with loops those that are less likely than what is not followed."""
FOLLOWED_QUBITS_MAX, FOLLOWED_UPDATES_MAX = 16, 2**26
"""Of `followed`: about half a second of one processor."""
ROUNDING = 1e-6
_INT64_BITS = 62
KNOWN_MAX, KNOWN_OUTCOMES_MAX, KNOWN_OPERATIONS_MAX = 16, 1 << 16, 10_000
"""So many circuits are remembered with their outcomes, of those that have no more outcomes and operations: 16 MiB."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """The possible outcomes of a circuit in ascending order (bit k of one is classical bit k), and their probabilities;
    `left_out` is what those that are not listed add up to, at most.
    """

    circuit: Circuit
    bits: NDArray[Any]
    probabilities: NDArray[np.float64]
    left_out: float

    def as_dict(self) -> dict[str, float]:
        keys = self.circuit.keys(self.bits.tolist())
        return dict(zip(keys, self.probabilities.tolist(), strict=True))

    def sample(self, shots: int, seed: int | Sequence[int]) -> dict[str, int]:
        """What `shots` runs might give: a draw from the distribution, the same for the same seed."""
        rng = np.random.default_rng(seed)
        drawn = rng.multinomial(shots, self.probabilities / self.probabilities.sum())
        seen = np.flatnonzero(drawn)
        keys = self.circuit.keys(self.bits[seen].tolist())
        return dict(zip(keys, drawn[seen].tolist(), strict=True))


class _Known:
    """The outcomes of circuits that came last, where they are few: who asks for many samples of one circuit asks for them again
    and again. Safe to use from several threads.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._found: OrderedDict[Circuit, Outcomes] = OrderedDict()

    def get(self, circuit: Circuit) -> Outcomes | None:
        with self._lock:
            return self._found.get(circuit)

    def keep(self, circuit: Circuit, outcomes: Outcomes) -> None:
        if len(outcomes.bits) > KNOWN_OUTCOMES_MAX or length_of(circuit.operations) > KNOWN_OPERATIONS_MAX:
            return
        outcomes.bits.flags.writeable = outcomes.probabilities.flags.writeable = False
        with self._lock:
            self._found[circuit] = outcomes
            if len(self._found) > KNOWN_MAX:
                self._found.popitem(last=False)


_KNOWN = _Known()


def distribution(circuit: Circuit) -> dict[str, float]:
    """The exact probability of every outcome, by its key, in ascending order. Raises UnfitCircuit where it is too large."""
    return outcomes(circuit).as_dict()


def outcomes(circuit: Circuit) -> Outcomes:
    """The exact outcomes of a circuit. Raises UnfitCircuit where it is too large."""
    if not affordable(circuit):
        raise UnfitCircuit(
            "The circuit is too large to be simulated exactly.",
            remedy="State fewer qubits, gates, or measurements and resets in the middle of the circuit.",
        )
    known = _KNOWN.get(circuit)
    if known is None:
        known = _outcomes(circuit)
        _KNOWN.keep(circuit, known)
    return known


def followed(circuit: Circuit) -> Outcomes:
    """As `outcomes`, by following all histories side by side, whatever the counts of the circuit say: many that measure on
    their way take less. Raises UnfitCircuit where it is too much.
    """
    spent = 0

    def charge(times: int, amplitudes: int) -> None:
        nonlocal spent
        spent += times * max(UPDATES_MIN, amplitudes)
        if spent > FOLLOWED_UPDATES_MAX:
            raise UnfitCircuit("The circuit takes too long to be followed exactly.", remedy="State a shorter circuit.")

    if len(active(circuit)) > FOLLOWED_QUBITS_MAX:
        raise UnfitCircuit("The circuit has too many qubits to be followed exactly.", remedy="State fewer qubits.")
    return _outcomes(circuit, charge)


def _outcomes(circuit: Circuit, charge: Charge | None = None) -> Outcomes:
    kept, loops = active(circuit), circuit.loops
    asked = circuit if loops is None else replace(circuit, operations=loops.asked)
    operations, final = final_measurements(on_active(asked, kept), range(len(kept)))
    wide: type = np.int64 if circuit.clbits <= _INT64_BITS else object
    bits: list[NDArray[Any]] = [np.zeros(0, dtype=wide)]
    weights: list[NDArray[Any]] = [np.zeros(0)]
    overwritten = sum(1 << clbit for _, clbit in final)
    left_out, least, leaves = 0.0, PROBABILITY_MIN, _leaves(operations, len(kept))
    if loops is not None or charge is not None:
        follower = Follower(len(kept), charge or free, {})
        leaves = iter(follower.run(operations, [(_zero(len(kept)), 0)]))
        left_out = follower.left_out
        least = max(least, left_out * (1 + ROUNDING))
    for state, base in leaves:
        found, weight = _read_off(state, len(kept), final)
        number: NDArray[Any] = np.full(len(found), base & ~overwritten, dtype=wide)
        for place, (_, clbit) in enumerate(final):
            number |= (found >> place & 1).astype(wide) << clbit
        bits.append(number)
        weights.append(weight)
    values, which = np.unique(np.concatenate(bits), return_inverse=True)
    total: NDArray[np.float64] = np.bincount(
        which.ravel(), weights=np.concatenate(weights), minlength=len(values)
    ).astype(np.float64)
    kept_ones = total >= least
    return Outcomes(circuit, values[kept_ones], total[kept_ones], left_out + float(total[~kept_ones].sum()))


def outcomes_of(parities: Parities) -> Outcomes:
    """The outcomes of a Clifford circuit, of which there should be few enough to be listed."""
    wide: type = np.int64 if parities.circuit.clbits <= _INT64_BITS else object
    bits: NDArray[Any] = np.array(parities.outcomes(), dtype=wide)
    return Outcomes(parities.circuit, bits, np.full(len(bits), 1 / len(bits)), 0.0)


def statevector(circuit: Circuit) -> State:
    """The state that a circuit without measurements leads to from |0…0>.

    Raises UnfitCircuit where it measures, resets or branches, or is too large.
    """
    if not all(isinstance(operation, Gate | Barrier) for operation in circuit.operations):
        raise UnfitCircuit(
            "A circuit that measures, resets or branches has no single final state.",
            remedy="Leave out measurements, resets and conditions.",
        )
    if not affordable(circuit):
        raise UnfitCircuit("The circuit is too large to be simulated exactly.", remedy="State fewer qubits or gates.")
    state = _zero(circuit.qubits)
    apply_all(state, circuit.qubits, (each for each in circuit.operations if isinstance(each, Gate)))
    return state


def _zero(qubits: int) -> State:
    state = np.zeros(1 << qubits, dtype=np.complex128)
    state[0] = 1
    return state


Frame = tuple[tuple[Operation, ...], int, "Frame | None"]
"""Where a run stands: these operations, from this one on, then the frame around them."""


def _leaves(operations: tuple[Operation, ...], qubits: int) -> Iterator[tuple[State, int]]:
    """Every run of a circuit to its end: its final state, whose squared norm is its probability, and what was measured."""
    waiting: list[tuple[State, int, Frame | None]] = [(_zero(qubits), 0, (operations, 0, None))]
    while waiting:
        state, bits, frame = waiting.pop()
        while frame is not None:
            inside, index, around = frame
            if index == len(inside):
                frame = around
                continue
            frame = (inside, index + 1, around)
            match inside[index]:
                case Gate():
                    end = _end_of_gates(inside, index)
                    apply_all(state, qubits, inside[index:end])  # type: ignore[arg-type]
                    frame = (inside, end, around)
                case Barrier():
                    pass
                case Branch(clbits, values, then, otherwise):
                    read = sum((bits >> clbit & 1) << place for place, clbit in enumerate(clbits))
                    frame = (then if read in values else otherwise, 0, frame)
                case Measure(qubit, clbit):
                    bits &= ~(1 << clbit)
                    other = None if qubit == IDLE else project(state, qubits, qubit)
                    if other is not None:
                        waiting.append((other, bits | 1 << clbit, frame))
                    elif qubit != IDLE and is_one(state, qubits, qubit):
                        bits |= 1 << clbit
                case Reset(qubit):
                    other = project(state, qubits, qubit)
                    if other is not None:
                        flip(other, qubits, qubit)
                        waiting.append((other, bits, frame))
                    elif is_one(state, qubits, qubit):
                        flip(state, qubits, qubit)
                case never:
                    assert_never(never)
        yield state, bits


def _end_of_gates(operations: Sequence[Operation], start: int) -> int:
    """Where the first stands from there on that is no gate."""
    return next(
        (place for place in range(start, len(operations)) if type(operations[place]) is not Gate), len(operations)
    )


def _read_off(state: State, qubits: int, final: Sequence[tuple[int, int]]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The readings of the measured qubits (bit k is the k-th of `final`) that have a weight in the state, and these weights."""
    weights = state.real**2 + state.imag**2
    measured = [qubit for qubit, _ in final]
    view, axis = by_qubit(weights, qubits, measured)
    idle = tuple(place for place in range(view.ndim) if place not in set(axis.values()))
    order = sorted(measured, reverse=True)
    summed = view.sum(axis=idle).transpose([order.index(qubit) for qubit in reversed(measured)]).ravel()
    found = np.flatnonzero(summed >= WEIGHT_MIN * PROBABILITY_MIN)
    return found, summed[found]
