"""Circuits with loops, followed exactly: all histories side by side, those that came to the same being one from there on.

A history is a state vector, whose squared norm is its probability, and what it measured. Two with the same bits and the same
state, up to a phase, have the same future, so that a loop which begins anew at each turn stays one history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, assert_never

import numpy as np

from queuebit_circuits.applying import State, apply_all
from queuebit_circuits.circuit import Barrier, Branch, Gate, Loop, Measure, Operation, Reset
from queuebit_circuits.cost import IDLE
from queuebit_circuits.errors import UnfitCircuit
from queuebit_circuits.projecting import flip, is_one, project, weight

AMPLITUDES_MAX = 2**22
"""Of all histories together: 64 MiB."""
WEIGHT_MIN = 1e-14
"""Histories that are less likely are not followed."""
LEFT_OUT_MAX = 3e-10
"""A loop is followed until it goes on with no more than this probability."""
TURNS_MAX = 1_000
PARTED_AT_ONCE = 16
"""Histories whose bits are looked at while a gate is applied to a small state."""
READ_AT_ONCE = 64
"""Bits that are asked for, in that time."""
_DIGITS = 10
"""Of amplitudes that are the same."""

World = tuple[State, int]
Charge = Callable[[int, int], None]
"""Told how often a step is about to write so many amplitudes; raises where that is too much."""


def free(times: int, amplitudes: int) -> None:
    """Charges nothing: the circuit was charged for when it was read."""
    del times, amplitudes


@dataclass(slots=True)
class Follower:
    """Follows circuits of so many qubits. `turns`: the most that each loop took, by its number; `left_out`: the probability of
    what was not followed to its end.

    Raises UnfitCircuit where a loop goes on too long, or where there are too many histories.
    """

    qubits: int
    charge: Charge
    turns: dict[int, int]
    left_out: float = 0.0

    def run(self, operations: Sequence[Operation], worlds: list[World]) -> list[World]:
        place = 0
        while place < len(operations):
            match operations[place]:
                case Gate():
                    end = next((k for k in range(place, len(operations)) if type(operations[k]) is not Gate), None)
                    gates: Any = operations[place:end]
                    for state, _ in worlds:
                        self.charge(len(gates), len(state))
                        apply_all(state, self.qubits, gates)
                    place += len(gates)
                    continue
                case Measure(qubit, clbit):
                    worlds = self._checked([each for world in worlds for each in self._measured(world, qubit, clbit)])
                case Reset(qubit):
                    worlds = self._checked([each for world in worlds for each in self._reset(world, qubit)])
                case Loop() as loop:
                    worlds = self._loop(loop, worlds)
                case Branch(clbits, values, then, otherwise):
                    self._charge_reading(clbits, values, worlds)
                    entered, others = _parted(clbits, values, worlds)
                    worlds = [*self._way(then, entered), *self._way(otherwise, others)]
                case Barrier():
                    pass
                case never:
                    assert_never(never)
            place += 1
        return worlds

    def _way(self, operations: Sequence[Operation], worlds: list[World]) -> list[World]:
        return self._merged(self.run(operations, worlds)) if operations and worlds else worlds

    def _charge_reading(self, clbits: Sequence[int], values: Sequence[int], worlds: list[World]) -> None:
        self.charge(1 + len(worlds) // PARTED_AT_ONCE + len(clbits) * len(values) // READ_AT_ONCE, 0)

    def _loop(self, loop: Loop, worlds: list[World]) -> list[World]:
        left: list[World] = []
        turn = 0
        while True:
            self._charge_reading(loop.clbits, loop.values, worlds)
            holding, failing = _parted(loop.clbits, loop.values, worlds)
            going, done = (failing, holding) if loop.otherwise else (holding, failing)
            left += done
            share = sum(weight(state) for state, _ in going)
            if share <= LEFT_OUT_MAX:
                self.left_out += share
                break
            if turn == TURNS_MAX:
                raise UnfitCircuit(
                    f"the loop does not end: after {TURNS_MAX} turns it goes on with the probability {share:.3g}",
                    remedy="Write a loop whose condition its body makes false, as a measurement into the bits that it reads.",
                )
            worlds = self._merged(self.run(loop.otherwise or loop.then, going))
            turn += 1
        self.turns[loop.number] = max(turn, self.turns.get(loop.number, 0))
        return self._merged([*left, *going])

    def _measured(self, world: World, qubit: int, clbit: int) -> Iterable[World]:
        state, bits = world
        self.charge(1, len(state))
        bits &= ~(1 << clbit)
        if qubit == IDLE:
            yield state, bits
            return
        other = project(state, self.qubits, qubit)
        if other is None:
            yield state, bits | is_one(state, self.qubits, qubit) << clbit
            return
        yield from self._kept((state, bits), (other, bits | 1 << clbit))

    def _reset(self, world: World, qubit: int) -> Iterable[World]:
        state, bits = world
        self.charge(1, len(state))
        other = project(state, self.qubits, qubit)
        if other is not None:
            flip(other, self.qubits, qubit)
            yield from self._kept((state, bits), (other, bits))
            return
        if is_one(state, self.qubits, qubit):
            flip(state, self.qubits, qubit)
        yield state, bits

    def _kept(self, *worlds: World) -> Iterable[World]:
        for world in worlds:
            share = weight(world[0])
            if share < WEIGHT_MIN:
                self.left_out += share
            else:
                yield world

    def _merged(self, worlds: list[World]) -> list[World]:
        if len(worlds) < 2:
            return worlds
        self.charge(2 * len(worlds), 1 << self.qubits)
        found: dict[tuple[int, bytes], State] = {}
        for state, bits in worlds:
            key = bits, _direction(state)
            known = found.get(key)
            if known is None:
                found[key] = state
            else:
                known *= np.sqrt(1 + weight(state) / weight(known))
        return [(state, bits) for (bits, _), state in found.items()]

    def _checked(self, worlds: list[World]) -> list[World]:
        most = AMPLITUDES_MAX >> self.qubits
        if len(worlds) > most:
            raise UnfitCircuit(
                f"the circuit has more than {most} histories of {self.qubits} qubits, too many to follow",
                remedy="Reset the qubits that a loop measures, or use fewer.",
            )
        return worlds


def _parted(clbits: Sequence[int], values: Sequence[int], worlds: list[World]) -> tuple[list[World], list[World]]:
    """(those whose bits read one of the values, the others)."""
    ways: tuple[list[World], list[World]] = ([], [])
    asked = reduce(or_, (1 << clbit for clbit in clbits), 0)
    readings = {reading for value in values if (reading := _spread(clbits, value)) is not None}
    for world in worlds:
        ways[world[1] & asked not in readings].append(world)
    return ways


def _spread(clbits: Sequence[int], value: int) -> int | None:
    """What all bits are, but for others, where these have a value, the first the least significant; None where they cannot."""
    if value >> len(clbits):
        return None
    bits = {clbit: value >> place & 1 for place, clbit in enumerate(clbits)}
    if any(bits[clbit] != value >> place & 1 for place, clbit in enumerate(clbits)):
        return None
    return reduce(or_, (bit << clbit for clbit, bit in bits.items()), 0)


def _direction(state: State) -> bytes:
    """The state without its norm and phase, to so many digits."""
    sizes = np.abs(state)
    largest = state[int(np.argmax(np.round(sizes, _DIGITS)))]
    scaled = state * (np.conj(largest) / abs(largest) / np.sqrt(weight(state)))
    found: bytes = (np.round(scaled, _DIGITS) + 0.0).tobytes()
    return found
