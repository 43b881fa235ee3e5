"""From the statements of a circuit to its operations, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from queuebit_circuits.circuit import Barrier, Branch, Circuit, Gate, Measure, Operation, Register, Reset
from queuebit_circuits.qasm.blocks import declare_value, loop
from queuebit_circuits.qasm.gatecalls import GateCalls
from queuebit_circuits.qasm.leaving import Leaving
from queuebit_circuits.qasm.modifiers import PHASE
from queuebit_circuits.qasm.scope import CLBITS_MAX, QUBITS_MAX, Bits, Budget, Qubits, Scope, Value
from queuebit_circuits.qasm.source import Source
from queuebit_circuits.qasm.syntax import (
    Alias,
    Assign,
    BarrierAcross,
    Call,
    DeclareBits,
    DeclareInput,
    DeclareQubits,
    DeclareValue,
    Define,
    Delay,
    For,
    If,
    Include,
    MeasureAway,
    MeasureInto,
    Opaque,
    Operand,
    ResetQubits,
    Statement,
    Subroutine,
    Switched,
    While,
)
from queuebit_circuits.qasm.terms import Binary, Called, Expression, Indexed, Named, Number
from queuebit_circuits.qasm.values import Evaluator


class Run(Leaving):
    """Reads statements one by one; `circuit` is what they came to."""

    def __init__(self, source: Source, version: int, inputs: Mapping[str, float], steps_max: int) -> None:
        self._budget = Budget(source, steps_max)
        self._evaluator = Evaluator(source, version, self._budget)
        super().__init__(source, self._evaluator, self._budget, Scope())
        self._version = version
        self._inputs = inputs
        self._gates = GateCalls(source, self._evaluator, self._budget, self._outermost)
        self._forgotten = set[int]()

    def circuit(self, statements: Iterable[Statement]) -> Circuit:
        operations: list[Operation] = []
        for statement in statements:
            self._statement(statement, self._outermost, operations)
        if self._qubits == 0:
            raise self._source.error(None, "the circuit has no qubits", "Declare qubits and run gates on them.")
        return self._loops.of(Circuit(self._qubits, tuple(self._registers), tuple(operations)))

    def _statement(self, statement: Statement, scope: Scope, into: list[Operation]) -> None:
        self._budget.spend(1, statement.place)
        match statement:
            case Call(name=name) if name in self._subroutines and not statement.operands:
                self._check_bare(statement)
                self._call(name, statement.angles, statement.place, scope, into, None)
            case Call():
                operands = [self._qubits_of(operand, scope) for operand in statement.operands]
                found = self._gates.expanded(statement, operands, scope)
                kept = [each for each in found if not (isinstance(each, Gate) and each.name == PHASE)]
                self._budget.emit(len(kept), statement.place)
                if self._forgotten:
                    self._check_forgotten(kept, statement.place)
                into.extend(kept)
            case MeasureInto(qubits, bits, place):
                self._measure(self._qubits_of(qubits, scope), self._bits_of(bits, scope), place, into)
            case ResetQubits(qubits, place):
                numbers = self._qubits_of(qubits, scope).numbers
                self._budget.emit(len(numbers), place)
                into.extend(Reset(number) for number in numbers)
            case BarrierAcross(operands, place):
                self._barrier(operands, place, scope, into)
            case If():
                into.extend(self._if(statement, scope))
            case Switched():
                self._statement(self._set_and_switched(statement, scope, into), scope, into)
            case While(left=True):
                self._left_while(statement, scope, into)
            case While(condition, body, place):
                self._while(condition, body, scope, place, into)
            case For(left=True):
                self._left_for(statement, scope, into)
            case Assign(value=Called(name=name, arguments=arguments), operator="=") if name in self._subroutines:
                index = () if statement.index is None else (statement.index,)
                target = self._bits_of(Operand(statement.name, index, statement.place), scope)
                self._call(name, arguments, statement.place, scope, into, target)
            case Assign(name=name) if isinstance(scope.find(name), Bits):
                self._assign_bits(statement, scope, into)
            case MeasureAway(qubits, _):
                self._forget(self._qubits_of(qubits, scope))
            case Delay(operands, _):
                for operand in operands:
                    self._qubits_of(operand, scope)
            case For():
                for inner in loop(self._evaluator, statement, scope):
                    self._block(statement.body, inner, into)
            case DeclareBits():
                self._declare_bits(statement, scope, into)
            case _:
                self._declare(statement, scope)

    def _block(self, body: Sequence[Statement], scope: Scope, into: list[Operation]) -> None:
        for statement in body:
            self._statement(statement, scope, into)

    def _declare(self, statement: Statement, scope: Scope) -> None:
        match statement:
            case Include():
                self._gates.include(statement)
            case Define():
                self._gates.define(statement)
            case Opaque(name, _):
                self._gates.opaque(name)
            case DeclareInput():
                self._input(statement, scope)
            case DeclareQubits(name, size, place):
                self._new(name, scope, place)
                if self._physical:
                    raise self._source.error(place, "qubits are declared and named by $n", "Use one of both ways.")
                count = 1 if size is None else self._size(size, scope, "qubits", QUBITS_MAX - self._qubits, QUBITS_MAX)
                if self._qubits + count > QUBITS_MAX:
                    raise self._source.error(place, f"the circuit has more than {QUBITS_MAX} qubits", "Use fewer.")
                scope.names[name] = Qubits(tuple(range(self._qubits, self._qubits + count)), size is None)
                self._count(self._qubits + count, place)
            case Subroutine():
                self._define_subroutine(statement)
            case DeclareValue():
                declare_value(self._evaluator, statement, scope)
            case Alias(name, value, place):
                self._alias(name, value, place, scope)
            case Assign():
                self._assign(statement, scope)
            case _:
                raise self._source.error(statement.place, "the statement cannot stand here", "Leave it out.")

    def _input(self, statement: DeclareInput, scope: Scope) -> None:
        name, place = statement.name, statement.place
        self._new(name, scope, place)
        given = self._inputs.get(name)
        if given is None:
            raise self._source.error(place, f"the input {name} has no value", f"Give it: --param {name}=VALUE.")
        literal = self._evaluator.value(Number(given, place), scope)
        found = self._evaluator.converted(literal, statement.type, scope, place)
        if found.type in ("int", "uint", "bool") and found.number != given:
            raise self._source.error(
                place, f"the input {name} cannot be {given:g}: its type holds no such value", f"Give another {name}."
            )
        scope.names[name] = found._replace(constant=False)

    def _forget(self, qubits: Qubits) -> None:
        self._forgotten.update(qubits.numbers)

    def _check_bare(self, call: Call) -> None:
        if call.modifiers:
            raise self._source.error(
                call.place, f"the subroutine {call.name} stands under a modifier", "Define it as a gate."
            )

    def _check_forgotten(self, gates: Sequence[Gate | Barrier | Reset], place: int) -> None:
        """Refuse gates on what was measured without a bit: that is no operation of a circuit here."""
        if any(isinstance(gate, Gate) and self._forgotten.intersection(gate.qubits) for gate in gates):
            raise self._source.error(
                place, "a qubit is used after a measurement that no bit keeps", "Measure it into a bit: c = measure q;"
            )

    def _declare_bits(self, statement: DeclareBits, scope: Scope, into: list[Operation]) -> None:
        name, place, initial = statement.name, statement.place, statement.initial
        self._new(name, scope, place)
        if scope is not self._outermost:
            raise self._source.error(
                place, f"the bit {name} is declared in a block", "Declare it outside of all blocks."
            )
        left = CLBITS_MAX - self._clbits
        size = statement.size
        count = 1 if size is None else self._size(size, scope, "classical bits", left, CLBITS_MAX)
        if count > left:
            raise self._source.error(place, f"the circuit has more than {CLBITS_MAX} classical bits", "Use fewer.")
        bits = Bits(tuple(range(self._clbits, self._clbits + count)), size is None)
        scope.names[name] = bits
        self._registers.append(Register(name, count, loose=size is None))
        self._clbits += count
        if isinstance(initial, Operand):
            self._measure(self._qubits_of(initial, scope), bits, place, into)
        elif isinstance(initial, Called) and initial.name in self._subroutines:
            self._call(initial.name, initial.arguments, place, scope, into, bits)
        elif initial is not None and (
            self._evaluator.read_bits(initial, scope) or self._evaluator.number(initial, scope)
        ):
            self._set_bits(bits, initial, scope, place, into)

    def _assign_bits(self, statement: Assign, scope: Scope, into: list[Operation]) -> None:
        name, place, index = statement.name, statement.place, statement.index
        target = self._bits_of(Operand(name, () if index is None else (index,), place), scope)
        value: Expression = statement.value
        if statement.operator != "=":
            old: Expression = Named(name, place)
            if index is not None:
                old = Indexed(name, index, place, index.depth + 1, index.size + 1)
            value = Binary(statement.operator, old, value, place, value.depth + 1, value.size + old.size + 1)
        self._set_bits(target, value, scope, place, into)

    def _assign(self, statement: Assign, scope: Scope) -> None:
        name, place = statement.name, statement.place
        found = self._evaluator.meaning(name, scope, place)
        if not isinstance(found, Value) or found.constant or statement.index is not None:
            raise self._source.error(place, f"{name} cannot be set", "Set whole variables that are no constants.")
        holder = scope.holder(name)
        if holder is None or holder.conditional != scope.conditional:
            raise self._source.error(
                place, f"{name} is set where it depends on a measurement", "Set variables outside of such conditions."
            )
        value: Expression = statement.value
        if statement.operator != "=":
            value = Binary(statement.operator, Named(name, place), value, place, value.depth + 1, value.size + 2)
        new = self._evaluator.cast(self._evaluator.value(value, scope), found, place)
        holder.names[name] = new._replace(constant=False)

    def _measure(self, qubits: Qubits, bits: Bits, place: int, into: list[Operation]) -> None:
        if len(qubits.numbers) != len(bits.numbers):
            raise self._source.error(
                place, f"{len(qubits.numbers)} qubits cannot be measured into {len(bits.numbers)} bits",
                "Measure into as many bits.",
            )  # fmt: skip
        if len(set(qubits.numbers)) < len(qubits.numbers) or len(set(bits.numbers)) < len(bits.numbers):
            raise self._source.error(place, "a measurement names a qubit or bit twice", "Name each once.")
        self._budget.emit(len(bits.numbers), place)
        into.extend(map(Measure, qubits.numbers, bits.numbers))

    def _barrier(self, operands: Sequence[Operand], place: int, scope: Scope, into: list[Operation]) -> None:
        named = [number for operand in operands for number in self._qubits_of(operand, scope).numbers]
        numbers = tuple(dict.fromkeys(named)) if operands else tuple(range(self._qubits))
        self._budget.spend(len(numbers), place)
        self._budget.emit(1, place)
        into.append(Barrier(numbers))

    def _if(self, statement: If, scope: Scope) -> list[Operation]:
        """The operations of a condition: one way where it is known while reading, else both as a branch."""
        condition, place = statement.condition, statement.place
        if not self._evaluator.read_bits(condition, scope):
            self._budget.spend(condition.size, place)
            found: list[Operation] = []
            holds = bool(self._evaluator.number(condition, scope))
            self._block(statement.then if holds else statement.otherwise, scope.inner(), found)
            return found
        bits, values, inverted = self._read_condition(condition, scope, place)
        then, otherwise = self._way(statement.then, scope), self._way(statement.otherwise, scope)
        if inverted:
            then, otherwise = otherwise, then
        return [Branch(bits, tuple(values), then, otherwise)] if values else list(otherwise)
