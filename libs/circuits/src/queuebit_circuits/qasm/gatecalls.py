"""Gates of a circuit written out: definitions checked and counted when they are made, calls expanded within the budget."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from queuebit_circuits.circuit import Barrier, Gate
from queuebit_circuits.gates import ALIASES, GATES
from queuebit_circuits.qasm.blocks import declare_value, loop
from queuebit_circuits.qasm.library import BUILT_IN, INCLUDES
from queuebit_circuits.qasm.modifiers import PHASE, controlled, inverse, power
from queuebit_circuits.qasm.scope import OPERATIONS_MAX, Budget, Qubits, Scope, Value
from queuebit_circuits.qasm.source import Source
from queuebit_circuits.qasm.syntax import (
    BarrierAcross,
    Call,
    DeclareValue,
    Define,
    Expression,
    For,
    Include,
    Modifier,
    Operand,
    Statement,
)  # fmt: skip
from queuebit_circuits.qasm.values import Evaluator

DEFINITION_DEPTH_MAX = 64
"""Gates defined by gates defined by gates…"""
CONTROLS_MAX = 8
"""Of one gate under modifiers."""
POWER_MAX = OPERATIONS_MAX
MODIFIED_STEPS = 4
"""What a gate under a modifier takes."""
BODY_STEPS = 4
"""What beginning the body of a gate takes, beside its qubits and angles."""


@dataclass(frozen=True, slots=True)
class Defined:
    """A gate of the text. `calls` is how many gates it expands into at least, gates of gates counted."""

    define: Define
    calls: int
    depth: int


class GateCalls:
    """The gates that are known so far, and what calls of them expand into."""

    def __init__(self, source: Source, evaluator: Evaluator, budget: Budget, outermost: Scope) -> None:
        self._source = source
        self._evaluator = evaluator
        self._budget = budget
        self._outermost = outermost
        self._known = set(BUILT_IN[evaluator.version])
        self._defined: dict[str, Defined] = {}

    def include(self, statement: Include) -> None:
        found = INCLUDES.get(statement.name)
        if found is None:
            raise self._source.error(
                statement.place, f"the file {statement.name[:40]!r} cannot be included: circuits are read from one text",
                f"Include {' or '.join(INCLUDES)} alone, and copy the gates of other files into the text.",
            )  # fmt: skip
        self._known |= found

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
                case BarrierAcross() | DeclareValue():
                    pass
                case _:
                    raise self._source.error(
                        statement.place, f"the body of the gate {gate} holds more than gates",
                        "Leave measurements, resets and conditions to the circuit.",
                    )  # fmt: skip

    def _signature(self, call: Call) -> tuple[int, int]:
        """(qubits, angles) of the gate that is called, modifiers apart. Refuses unknown gates and wrong numbers of angles."""
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

    def _advice(self, name: str) -> str:
        files = [file for file, gates in INCLUDES.items() if name in gates]
        if files and not (self._evaluator.version == 2 and files == ["stdgates.inc"]):
            return f'Write `include "{files[-1 if self._evaluator.version == 2 else 0]}";`, or define it.'
        return "Define it before it is used, or correct its name."

    def expanded(self, call: Call, operands: Sequence[Qubits], scope: Scope) -> list[Gate | Barrier]:
        """The standard gates of a call, for each qubit of its registers in turn. Counted before anything is written out."""
        arity, _ = self._signature(call)
        modifiers = [self._modifier(each, scope) for each in call.modifiers]
        controls = sum(number for name, number in modifiers if name in ("ctrl", "negctrl"))
        if controls > CONTROLS_MAX:
            raise self._source.error(call.place, f"a gate has more than {CONTROLS_MAX} controls", "State fewer.")
        if len(operands) != int(arity + controls):
            raise self._source.error(
                call.place, f"the gate {call.name} takes {int(arity + controls)} qubits, not {len(operands)}",
                "Correct them.",
            )  # fmt: skip
        defined = self._defined.get(call.name)
        if defined is None and not modifiers and all(operand.single for operand in operands):
            angles = [self._evaluator.real(angle, scope) for angle in call.angles]
            return self._body(call, angles, self._distinct(call, operands, 0))
        lengths = {len(operand.numbers) for operand in operands if not operand.single}
        if len(lengths) > 1:
            raise self._source.error(
                call.place, f"registers of {' and '.join(map(str, sorted(lengths)))} qubits do not fit together",
                "Use registers of the same size, or single qubits.",
            )  # fmt: skip
        times = lengths.pop() if lengths else 1
        self._count((1 if defined is None else defined.calls) * times, call)
        angles = [self._evaluator.real(angle, scope) for angle in call.angles]
        found: list[Gate | Barrier] = []
        for turn in range(times):
            found += self._once(call, modifiers, angles, self._distinct(call, operands, turn))
        return found

    def _distinct(self, call: Call, operands: Sequence[Qubits], turn: int) -> tuple[int, ...]:
        """The qubits of one turn of a call on registers."""
        qubits = tuple([each.numbers[0 if each.single else turn] for each in operands])
        if len(qubits) > 1 and len(set(qubits)) < len(qubits):
            raise self._source.error(call.place, f"the gate {call.name} has a qubit twice", "Name distinct qubits.")
        return qubits

    def _count(self, calls: int, call: Call) -> None:
        if calls > OPERATIONS_MAX:
            raise self._source.error(
                call.place, f"the gate {call.name} expands into more than {OPERATIONS_MAX} operations",
                "State a shorter circuit.",
            )  # fmt: skip
        self._budget.foresee(calls, call.place)

    def _modifier(self, modifier: Modifier, scope: Scope) -> tuple[str, float]:
        """(name, number of controls or exponent)."""
        argument: Expression | None = modifier.argument
        if modifier.name == "pow":
            if argument is None:
                raise self._source.error(modifier.place, "pow needs an exponent", "Write pow(2) @.")
            exponent = self._evaluator.number(argument, scope)
            if not abs(exponent) <= POWER_MAX:
                raise self._source.error(modifier.place, f"an exponent is beyond {POWER_MAX}", "Use a smaller one.")
            return "pow", exponent
        if argument is None:
            return modifier.name, 1
        if modifier.name == "inv":
            raise self._source.error(modifier.place, "inv takes no number", "Write inv @.")
        return modifier.name, self._evaluator.whole(argument, scope, "the number of controls", 1, CONTROLS_MAX)

    def _once(
        self, call: Call, modifiers: Sequence[tuple[str, float]], angles: Sequence[float], qubits: tuple[int, ...]
    ) -> list[Gate | Barrier]:
        if not modifiers:
            return self._body(call, angles, qubits)
        start = int(sum(number for name, number in modifiers if name in ("ctrl", "negctrl")))
        found = [gate for gate in self._body(call, angles, qubits[start:]) if isinstance(gate, Gate)]
        for name, number in reversed(modifiers):
            match name:
                case "inv":
                    found = self._each(map(inverse, reversed(found)), call, "inv")
                case "pow":
                    found = self._powered(found, number, call)
                case _:
                    mine = qubits[start - int(number) : start]
                    start -= int(number)
                    found = self._each((controlled(gate, mine) for gate in found), call, name)
                    if name == "negctrl":
                        flips = [Gate("x", (qubit,)) for qubit in mine]
                        found = [*flips, *found, *flips]
        return list(found)

    def _powered(self, gates: list[Gate], exponent: float, call: Call) -> list[Gate]:
        if len(gates) == 1:
            found = power(gates[0], exponent)
            if found is not None:
                return found
        if not float(exponent).is_integer():
            raise self._source.error(
                call.place, f"pow({exponent:g}) of {call.name}: only whole powers of gates on several qubits are supported",
                "State the gates themselves.",
            )  # fmt: skip
        if exponent < 0:
            gates = self._each(map(inverse, reversed(gates)), call, "inv")
        self._count(len(gates) * abs(int(exponent)), call)
        return gates * abs(int(exponent))

    def _each(self, parts: Iterable[list[Gate] | None], call: Call, modifier: str) -> list[Gate]:
        found: list[Gate] = []
        for part in parts:
            if part is None:
                raise self._source.error(
                    call.place, f"{modifier} @ {call.name} is not supported", "State its gates themselves."
                )
            self._budget.spend(MODIFIED_STEPS * len(part), call.place)
            found += part
            self._count(len(found), call)
        return found

    def _body(self, call: Call, angles: Sequence[float], qubits: tuple[int, ...]) -> list[Gate | Barrier]:
        """The gates of a call without modifiers."""
        defined = self._defined.get(call.name)
        if defined is None:
            if call.name == PHASE:
                return [Gate(PHASE, (), tuple(angles))]
            name = ALIASES.get(call.name, call.name)
            return [Gate(name, qubits, tuple(angles[: GATES[name].angles]))]
        self._budget.spend(BODY_STEPS + len(qubits) + len(angles), call.place)
        scope = Scope(self._outermost, closed=True)
        for parameter, angle in zip(defined.define.parameters, angles, strict=True):
            scope.names[parameter] = Value(angle, "float")
        for qubit, number in zip(defined.define.qubits, qubits, strict=True):
            scope.names[qubit] = Qubits((number,), True)
        return self._statements(defined.define.body, scope)

    def _statements(self, body: Sequence[Statement], scope: Scope) -> list[Gate | Barrier]:
        found: list[Gate | Barrier] = []
        for statement in body:
            self._budget.spend(1, statement.place)
            match statement:
                case Call(operands=operands):
                    self._budget.spend(len(operands), statement.place)
                    found += self.expanded(statement, [self._own(operand, scope) for operand in operands], scope)
                case BarrierAcross(operands):
                    numbers = [self._own(operand, scope).numbers[0] for operand in operands]
                    if numbers:
                        found.append(Barrier(tuple(dict.fromkeys(numbers))))
                case For():
                    for inner in loop(self._evaluator, statement, scope):
                        found += self._statements(statement.body, inner)
                case DeclareValue():
                    declare_value(self._evaluator, statement, scope)
                case _:
                    raise self._source.error(statement.place, "a gate's body holds only gates", "Leave it out.")
            if len(found) > OPERATIONS_MAX:
                raise self._source.error(
                    statement.place, f"a gate expands into more than {OPERATIONS_MAX} operations", "Shorten it."
                )
        return found

    def _own(self, operand: Operand, scope: Scope) -> Qubits:
        found = scope.names.get(operand.name) or self._evaluator.meaning(operand.name, scope, operand.place)
        if not isinstance(found, Qubits):
            raise self._source.error(operand.place, f"{operand.name} is no qubit", "Name a qubit of the gate.")
        return found
