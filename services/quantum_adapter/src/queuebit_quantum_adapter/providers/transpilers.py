"""Qiskit's preset pass managers of one device: the usual one, and those that jobs ask for. In worker processes only."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from qiskit.transpiler import Target, generate_preset_pass_manager

from queuebit_quantum_adapter.errors import UnusableProblem
from queuebit_quantum_adapter.ports import Transpilation

KEPT_MAX = 16


class Transpilers:
    """For one target; those that were used last are kept."""

    def __init__(self, target: Target, level: int, seed: int) -> None:
        self._target, self._level, self._seed = target, level, seed
        self._made: OrderedDict[Transpilation, Any] = OrderedDict()

    def of(self, how: Transpilation, qubits: int, device: str) -> Any:
        """The passes for a circuit of so many qubits. Raises UnusableProblem for a layout that does not suit it."""
        self._check(how, qubits, device)
        passes = self._made.get(how)
        if passes is None:
            passes = self._made[how] = generate_preset_pass_manager(
                optimization_level=self._level if how.level is None else how.level,
                target=self._target,
                seed_transpiler=self._seed,
                initial_layout=None if how.layout is None else list(how.layout),
            )
            while len(self._made) > KEPT_MAX:
                self._made.popitem(last=False)
        else:
            self._made.move_to_end(how)
        return passes

    def told(self, how: Transpilation) -> dict[str, Any]:
        """What reproduces them."""
        level = self._level if how.level is None else how.level
        layout = {} if how.layout is None else {"initial_layout": list(how.layout)}
        return {"passes": ["preset"], "optimization_level": level, "seed": self._seed, **layout}

    def _check(self, how: Transpilation, qubits: int, device: str) -> None:
        if how.layout is None:
            return
        if len(how.layout) != qubits:
            raise UnusableProblem(
                f"The circuit has {qubits} qubits, and params.layout names {len(how.layout)}.",
                remedy="Name one qubit of the device for each qubit of the circuit.",
            )
        if max(how.layout, default=0) >= self._target.num_qubits:
            last = self._target.num_qubits - 1
            raise UnusableProblem(
                f"params.layout names qubit {max(how.layout)}; {device} has those from 0 to {last}.",
                remedy=f"Name qubits from 0 to {last}.",
            )
