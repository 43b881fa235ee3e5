"""Loops on measurements, written out: as many turns as are likely to be taken, each a branch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from queuebit_circuits.circuit import Barrier, Branch, Circuit, Loop, Loops, Operation, length_of
from queuebit_circuits.cost import UPDATES_MIN, active, final_measurements, on_active
from queuebit_circuits.errors import UnfitCircuit
from queuebit_circuits.qasm.scope import STEPS_MAX, Budget
from queuebit_circuits.qasm.source import Source

if TYPE_CHECKING:
    from queuebit_circuits.worlds import Follower

QUBITS_MAX = 20
"""Of a circuit with a loop, that gates act on."""
SPARE_TURNS = 8
"""Written beyond those that are likely: a machine with noise needs some more."""
COUNTED_UPDATES_MAX = 2**26
"""Amplitudes that are written to follow a circuit whose loops all count their turns; one that takes more is taken as it is."""
STEPS = 16
"""Of reading, that applying a gate to a small state takes."""


IDLE: tuple[Operation, ...] = (Barrier(()),)
"""A turn that does nothing."""


class WrittenOut:
    """The loops of one text. All histories of the circuit are followed, which the budget is charged for, so that a loop is
    known to end: a branch that stands there for each turn does what the loop does, but for what is less likely than stated.
    """

    def __init__(self, source: Source, budget: Budget) -> None:
        self._source = source
        self._budget = budget
        self._places: list[int] = []
        self._counted: int | None = None

    def new(self, place: int) -> int:
        """The number of a loop that stands at this place."""
        self._places.append(place)
        return len(self._places) - 1

    def counted(self, place: int) -> None:
        """A loop with a last turn was written out: what it measures is more than its histories are."""
        self._counted = place

    def of(self, circuit: Circuit) -> Circuit:
        """The circuit without loops. Raises UnreadableCircuit where one does not end, or cannot be followed."""
        if not self._places and self._counted is None:
            return circuit
        try:
            follower, updates = self._followed(circuit)
        except UnfitCircuit as error:
            if not self._places:
                return circuit
            raise self._source.error(self._places[0], error.detail, error.remedy) from None
        written = self._written(circuit.operations, follower.turns)
        turns = max(follower.turns.values(), default=0) + SPARE_TURNS if self._places else 0
        return replace(circuit, operations=written, loops=Loops(turns, follower.left_out, updates, circuit.operations))

    def _followed(self, circuit: Circuit) -> tuple[Follower, int]:
        """Raises UnfitCircuit, and UnreadableCircuit where the budget ends."""
        kept = active(circuit)
        if len(kept) > QUBITS_MAX:
            raise UnfitCircuit(
                f"a loop depends on a measurement, and gates act on {len(kept)} qubits",
                remedy=f"Such loops are followed exactly: use at most {QUBITS_MAX} qubits, or a for loop.",
            )
        import numpy as np

        from queuebit_circuits.worlds import Follower

        updates = 0

        def charge(times: int, amplitudes: int) -> None:
            nonlocal updates
            updates += times * max(UPDATES_MIN, amplitudes)
            if self._places:
                self._budget.spend(STEPS * times * max(1, amplitudes // UPDATES_MIN), self._places[0])
            elif updates > COUNTED_UPDATES_MAX:
                raise UnfitCircuit("the circuit takes too long to be followed", remedy="State fewer turns.")
            elif self._budget.steps_max < STEPS_MAX:
                # Many circuits are read one after the other, which share what reading may take.
                self._budget.foresee(STEPS * updates // UPDATES_MIN, self._counted)

        state = np.zeros(1 << len(kept), dtype=np.complex128)
        state[0] = 1
        follower = Follower(len(kept), charge, {})
        operations, _ = final_measurements(on_active(circuit, kept), range(len(kept)))
        follower.run(operations, [(state, 0)])
        return follower, updates

    def _written(self, operations: Sequence[Operation], turns: dict[int, int]) -> tuple[Operation, ...]:
        found: list[Operation] = []
        for each in operations:
            if not isinstance(each, Branch):
                found.append(each)
                continue
            if isinstance(each, Loop) and IDLE in (each.then, each.otherwise):
                continue
            then, otherwise = self._written(each.then, turns), self._written(each.otherwise, turns)
            branch, times = Branch(each.clbits, each.values, then, otherwise), 1
            if isinstance(each, Loop):
                times = turns.get(each.number, 0) + SPARE_TURNS
                self._budget.emit((times - 1) * length_of((branch,)), self._places[each.number])
            found += [branch] * times
        return tuple(found)
