"""Gates of a circuit written out: definitions checked and counted when they are made, calls expanded within the budget."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from queuebit_circuits.circuit import Barrier, Gate, Reset
from queuebit_circuits.gates import ALIASES, GATES
from queuebit_circuits.qasm.blocks import declare_value, loop
from queuebit_circuits.qasm.definitions import Definitions
from queuebit_circuits.qasm.library import IDLE
from queuebit_circuits.qasm.modifiers import PHASE, controlled, inverse, power
from queuebit_circuits.qasm.scope import OPERATIONS_MAX, Qubits, Scope, Value
from queuebit_circuits.qasm.syntax import (
    BarrierAcross,
    Call,
    DeclareValue,
    Delay,
    For,
    Modifier,
    Operand,
    ResetQubits,
    Statement,
)
from queuebit_circuits.qasm.terms import Expression

Piece = Gate | Barrier | Reset
"""What the body of a gate comes to; Qiskit exports what prepares a state as a gate that resets first."""
CONTROLS_MAX = 8
"""Of one gate under modifiers."""
POWER_MAX = OPERATIONS_MAX
MODIFIED_STEPS = 4
"""What a gate under a modifier takes."""
BODY_STEPS = 4
"""What beginning the body of a gate takes, beside its qubits and angles."""


class GateCalls(Definitions):
    """The gates that are known so far, and what calls of them expand into."""

    def expanded(self, call: Call, operands: Sequence[Qubits], scope: Scope) -> list[Piece]:
        """The standard gates of a call, for each qubit of its registers in turn. Counted before anything is written out."""
        if call.name in self._opaque and call.name in IDLE and call.name not in self._defined:
            return []
        arity, _ = self._signature(call)
        if call.name == PHASE and not call.modifiers and call.name not in self._defined:
            self._evaluator.real(call.angles[0], scope)
            return []
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
        found: list[Piece] = []
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
    ) -> list[Piece]:
        if not modifiers:
            return self._body(call, angles, qubits)
        start = int(sum(number for name, number in modifiers if name in ("ctrl", "negctrl")))
        body = self._body(call, angles, qubits[start:])
        if any(isinstance(each, Reset) for each in body):
            raise self._source.error(
                call.place,
                f"a modifier of {call.name}, which resets qubits",
                "Only gates can be controlled or inverted.",
            )
        found = [gate for gate in body if isinstance(gate, Gate)]
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

    def _body(self, call: Call, angles: Sequence[float], qubits: tuple[int, ...]) -> list[Piece]:
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

    def _statements(self, body: Sequence[Statement], scope: Scope) -> list[Piece]:
        found: list[Piece] = []
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
                case ResetQubits(qubits=operand):
                    found.append(Reset(self._own(operand, scope).numbers[0]))
                case Delay():
                    pass
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
