"""Loops on measurements, written out: as many turns as are likely to be taken, each a branch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from queuebit_circuits.circuit import Branch, Circuit, Loop, Loops, Operation, length_of
from queuebit_circuits.cost import UPDATES_MIN, active, final_measurements, on_active
from queuebit_circuits.errors import UnfitCircuit
from queuebit_circuits.qasm.scope import Budget
from queuebit_circuits.qasm.source import Source

QUBITS_MAX = 20
"""Of a circuit with a loop, that gates act on."""
SPARE_TURNS = 8
"""Written beyond those that are likely: a machine with noise needs some more."""
STEPS = 16
"""Of reading, that applying a gate to a small state takes."""


class WrittenOut:
    """The loops of one text. All histories of the circuit are followed, which the budget is charged for, so that a loop is
    known to end: a branch that stands there for each turn does what the loop does, but for what is less likely than stated.
    """

    def __init__(self, source: Source, budget: Budget) -> None:
        self._source = source
        self._budget = budget
        self._places: list[int] = []

    def new(self, place: int) -> int:
        """The number of a loop that stands at this place."""
        self._places.append(place)
        return len(self._places) - 1

    def of(self, circuit: Circuit) -> Circuit:
        """The circuit without loops. Raises UnreadableCircuit where one does not end, or cannot be followed."""
        if not self._places:
            return circuit
        place, kept = self._places[0], active(circuit)
        if len(kept) > QUBITS_MAX:
            raise self._source.error(
                place,
                f"a loop depends on a measurement, and gates act on {len(kept)} qubits",
                f"Such loops are followed exactly: use at most {QUBITS_MAX} qubits, or a for loop.",
            )
        import numpy as np

        from queuebit_circuits.worlds import Follower

        updates = 0

        def charge(times: int, amplitudes: int) -> None:
            nonlocal updates
            updates += times * max(UPDATES_MIN, amplitudes)
            self._budget.spend(STEPS * times * max(1, amplitudes // UPDATES_MIN), place)

        state = np.zeros(1 << len(kept), dtype=np.complex128)
        state[0] = 1
        follower = Follower(len(kept), charge, {})
        try:
            operations, _ = final_measurements(on_active(circuit, kept), range(len(kept)))
            follower.run(operations, [(state, 0)])
        except UnfitCircuit as error:
            raise self._source.error(place, error.detail, error.remedy) from None
        written = self._written(circuit.operations, follower.turns)
        loops = Loops(max(follower.turns.values(), default=0) + SPARE_TURNS, follower.left_out, updates)
        return replace(circuit, operations=written, loops=loops)

    def _written(self, operations: Sequence[Operation], turns: dict[int, int]) -> tuple[Operation, ...]:
        found: list[Operation] = []
        for each in operations:
            if not isinstance(each, Branch):
                found.append(each)
                continue
            then, otherwise = self._written(each.then, turns), self._written(each.otherwise, turns)
            branch, times = Branch(each.clbits, each.values, then, otherwise), 1
            if isinstance(each, Loop):
                times = turns.get(each.number, 0) + SPARE_TURNS
                self._budget.emit((times - 1) * length_of((branch,)), self._places[each.number])
            found += [branch] * times
        return tuple(found)
