"""Which gates a text may call: those of its files, its own, and those that programs use by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from queuebit_circuits.gates import GATES
from queuebit_circuits.qasm.library import BRAKET, BUILT_IN, ELSEWHERE, EXTRAS, INCLUDES
from queuebit_circuits.qasm.modifiers import PHASE
from queuebit_circuits.qasm.parser import Parser
from queuebit_circuits.qasm.scope import OPERATIONS_MAX, Budget, Scope
from queuebit_circuits.qasm.source import Source
from queuebit_circuits.qasm.syntax import (
    BarrierAcross,
    Call,
    DeclareValue,
    Define,
    Delay,
    For,
    Include,
    ResetQubits,
    Statement,
)
from queuebit_circuits.qasm.values import Evaluator

DEFINITION_DEPTH_MAX = 64
"""Gates defined by gates defined by gates…"""


@cache
def _elsewhere() -> dict[str, tuple[Define, bool]]:
    """The gates that no standard file has, and whether they are of texts alone that include none."""
    found: dict[str, tuple[Define, bool]] = {}
    for text, alone in ((EXTRAS, False), (BRAKET, True)):
        for statement in Parser(Source(text)).statements():
            assert isinstance(statement, Define)
            found[statement.name] = (statement, alone)
    return found


@dataclass(frozen=True, slots=True)
class Defined:
    """A gate of the text. `calls` is how many gates it expands into at least, gates of gates counted."""

    define: Define
    calls: int
    depth: int


class Definitions:
    """The gates that are known so far. Raises UnreadableCircuit, which names the place."""

    def __init__(self, source: Source, evaluator: Evaluator, budget: Budget, outermost: Scope) -> None:
        self._source = source
        self._evaluator = evaluator
        self._budget = budget
        self._outermost = outermost
        self._known = set(BUILT_IN[evaluator.version])
        self._defined: dict[str, Defined] = {}
        self._opaque = set[str]()
        self._included = False

    def opaque(self, name: str) -> None:
        """A gate without a body. One that passes time does nothing; a call of any other is refused."""
        self._opaque.add(name)

    def include(self, statement: Include) -> None:
        found = INCLUDES.get(statement.name)
        if found is None:
            raise self._source.error(
                statement.place, f"the file {statement.name[:40]!r} cannot be included: circuits are read from one text",
                f"Include {' or '.join(INCLUDES)} alone, and copy the gates of other files into the text.",
            )  # fmt: skip
        self._known |= found
        self._included = True

    def define(self, statement: Define) -> None:
        """Check a definition: every gate of its body is known, and how much it expands into is counted."""
        name, place = statement.name, statement.place
        if name in self._defined:
            raise self._source.error(place, f"the gate {name} is defined twice", "Give the second another name.")
        if not statement.qubits:
            raise self._source.error(place, f"the gate {name} has no qubits", "Name its qubits.")
        both = set(statement.parameters) & set(statement.qubits)
        if both:
            raise self._source.error(place, f"{min(both)!r} is a parameter and a qubit", "Give it one meaning.")
        calls, depth = 1, 1
        for call in self._calls_of(statement.body, set(statement.qubits), name):
            inner = self._defined.get(call.name)
            calls = min(calls + (1 if inner is None else inner.calls), OPERATIONS_MAX + 1)
            depth = max(depth, 1 + (0 if inner is None else inner.depth))
        if depth > DEFINITION_DEPTH_MAX:
            raise self._source.error(
                place, f"the gate {name} stands on more than {DEFINITION_DEPTH_MAX} definitions on top of each other",
                "Define it by the standard gates.",
            )  # fmt: skip
        self._defined[name] = Defined(statement, calls, depth)

    def _calls_of(self, body: Sequence[Statement], qubits: set[str], gate: str) -> Iterator[Call]:
        for statement in body:
            match statement:
                case Call(operands=operands):
                    self._signature(statement)
                    for operand in operands:
                        if operand.name not in qubits or operand.indices:
                            raise self._source.error(
                                operand.place,
                                f"{operand.name!r} is no qubit of the gate {gate}",
                                "Name its own qubits.",
                            )
                    yield statement
                case For():
                    yield from self._calls_of(statement.body, qubits, gate)
                case ResetQubits(qubits=operand):
                    if operand.name not in qubits or operand.indices:
                        raise self._source.error(
                            operand.place, f"{operand.name!r} is no qubit of the gate {gate}", "Name its own qubits."
                        )
                case BarrierAcross() | DeclareValue() | Delay():
                    pass
                case _:
                    raise self._source.error(
                        statement.place, f"the body of the gate {gate} holds more than gates",
                        "Leave measurements and conditions to the circuit.",
                    )  # fmt: skip

    def _signature(self, call: Call) -> tuple[int, int]:
        """(qubits, angles) of the gate that is called, modifiers apart. Refuses unknown gates and wrong numbers of angles."""
        if call.name not in self._known and call.name not in self._defined:
            self._learn(call.name)
        defined = self._defined.get(call.name)
        if defined is not None:
            qubits, angles = len(defined.define.qubits), len(defined.define.parameters)
        elif call.name == PHASE and PHASE in self._known:
            qubits, angles = 0, 1
        elif call.name in self._known:
            qubits, angles = GATES[call.name].qubits, GATES[call.name].angles
        else:
            raise self._source.error(call.place, f"the gate {call.name!r} is not defined", self._advice(call.name))
        if len(call.angles) != angles:
            raise self._source.error(
                call.place, f"the gate {call.name} takes {angles} angles, not {len(call.angles)}", "Correct them."
            )
        return qubits, angles

    def _learn(self, name: str) -> None:
        """Take up a gate that programs use by name although no file that they include has it."""
        if self._evaluator.version == 2 and not self._included:
            return
        if name in GATES or name == PHASE:
            self._known.add(name)
            return
        found = _elsewhere().get(name)
        if found is not None and (self._included is False or not found[1]):
            self.define(found[0])

    def _advice(self, name: str) -> str:
        if name in self._opaque:
            return "It is opaque: define it by its body."
        if name in ELSEWHERE:
            return f"It is called {ELSEWHERE[name]} here: write that, or define it."
        files = [file for file, gates in INCLUDES.items() if name in gates]
        if files and not (self._evaluator.version == 2 and files == ["stdgates.inc"]):
            return f'Write `include "{files[-1 if self._evaluator.version == 2 else 0]}";`, or define it.'
        return "Define it before it is used, or correct its name."
