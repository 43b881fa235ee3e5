"""A second reading of OpenQASM 3, which shares nothing with the first: the reference parser's tree, run statement by statement.

States are followed through every measurement with Qiskit's matrices; sized numbers are lists of bits, least significant first.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import add, and_, mod, mul, or_, sub, xor
from typing import Any

import numpy as np
import openqasm3
from openqasm3 import ast
from qiskit.circuit.library import get_standard_gate_name_mapping

GATES = get_standard_gate_name_mapping()
LITERAL = "literal"
UNLIKELY = 1e-10
"""Histories of a loop that are not followed any more."""


@dataclass(frozen=True)
class Typed:
    """A value: `bits` of a sized whole number or angle, else `number`."""

    type: str
    number: float = 0
    bits: tuple[int, ...] | None = None

    @property
    def whole(self) -> int:
        if self.bits is None:
            return int(self.number)
        value = sum(bit << place for place, bit in enumerate(self.bits))
        return value - (1 << len(self.bits)) if self.type == "int" and self.bits[-1] else value

    @property
    def real(self) -> float:
        if self.type == "angle":
            assert self.bits is not None
            return 2 * math.pi * self.whole / float(2 ** len(self.bits))
        return float(self.number) if self.bits is None else float(self.whole)


def sized(kind: str, number: int, width: int) -> Typed:
    return Typed(kind, bits=tuple(number >> place & 1 for place in range(width)))


@dataclass
class World:
    """One history: the state after its measurements, its probability in the norm, the memory, and what ends a loop or turn."""

    state: Any
    names: dict[str, Any]
    leaves: type | None = None


class SecondReading:
    """Runs a program; `outcomes` are the probabilities of the final values of its registers, the last one leftmost."""

    def __init__(self, text: str) -> None:
        self.qubits: dict[str, list[int]] = {}
        self.registers: list[str] = []
        self.subroutines: dict[str, ast.SubroutineDefinition] = {}
        program = openqasm3.parse(text)
        size = sum(self._size(each) for each in program.statements if isinstance(each, ast.QubitDeclaration))
        state = np.zeros(2**size, dtype=complex)
        state[0] = 1
        worlds = self._block(program.statements, [World(state, {})])
        self.outcomes: dict[str, float] = {}
        for world in worlds:
            key = " ".join(
                "".join(str(bit) for bit in reversed(world.names[name].bits)) for name in reversed(self.registers)
            )
            self.outcomes[key] = self.outcomes.get(key, 0) + float(np.vdot(world.state, world.state).real)

    def _size(self, declared: ast.QubitDeclaration) -> int:
        assert isinstance(declared.size, ast.IntegerLiteral)
        return declared.size.value

    def _block(self, statements: Sequence[Any], worlds: list[World]) -> list[World]:
        for statement in statements:
            worlds = [after for each in worlds for after in ([each] if each.leaves else self._step(statement, each))]
        return worlds

    def _step(self, statement: Any, world: World) -> Iterator[World]:
        names = world.names
        match statement:
            case ast.Include():
                yield world
            case ast.QubitDeclaration():
                first = sum(map(len, self.qubits.values()))
                self.qubits.setdefault(statement.qubit.name, list(range(first, first + self._size(statement))))
                yield world
            case ast.ClassicalDeclaration():
                self._declare(statement, names)
                yield world
            case ast.QuantumGate():
                angles = [self.value(each, names).real for each in statement.arguments]
                qubits = [self._qubit(each, names) for each in statement.qubits]
                yield World(apply(world.state, GATES[statement.name.name], angles, qubits), names)
            case ast.QuantumMeasurementStatement():
                yield from self._measure(statement, world)
            case ast.QuantumReset():
                for bit, after in measured(world.state, self._qubit(statement.qubits, names)):
                    state = apply(after, GATES["x"], [], [self._qubit(statement.qubits, names)]) if bit else after
                    yield World(state, dict(names))
            case ast.BranchingStatement():
                holds = bool(self.value(statement.condition, names).real)
                yield from self._block(statement.if_block if holds else statement.else_block, [world])
            case ast.SwitchStatement(target, cases, default):
                held = self.value(target, names).real
                fits = (way for labels, way in cases if held in [self.value(one, names).real for one in labels])
                yield from self._block(way.statements if (way := next(fits, default)) else [], [world])
            case ast.WhileLoop():
                yield from self._while(statement, [world])
            case ast.BreakStatement() | ast.ContinueStatement():
                yield World(world.state, names, type(statement))
            case ast.SubroutineDefinition():
                self.subroutines[statement.name.name] = statement
                yield world
            case ast.ExpressionStatement(expression=ast.FunctionCall() as call):
                yield from (after for after, _ in self._call(call, world))
            case ast.ReturnStatement(expression=ast.QuantumMeasurement() as measurement):
                for bit, state in measured(world.state, self._qubit(measurement.qubit, names)):
                    yield World(state, {**names, "return": bit})
            case ast.ClassicalAssignment(rvalue=ast.FunctionCall() as call):
                for after, bit in self._call(call, world):
                    yield World(after.state, self._with_bit(statement.lvalue, bit, after.names))
            case ast.ClassicalAssignment():
                value = self.value(statement.rvalue, names)
                if isinstance(statement.lvalue, ast.IndexedIdentifier):
                    yield World(world.state, self._with_bit(statement.lvalue, value.whole & 1, names))
                    return
                name = str(statement.lvalue.name)
                if statement.op.name != "=":
                    value = self.binary(statement.op.name[:-1], names[name], value)
                names[name] = converted(
                    value, names[name].type, None if names[name].bits is None else len(names[name].bits)
                )
                yield world
            case ast.ForInLoop():
                yield from self._for(statement, [world])
            case other:
                raise AssertionError(other)

    def _for(self, statement: ast.ForInLoop, going: list[World]) -> Iterator[World]:
        span: Any = statement.set_declaration
        first, last = (self.value(end, going[0].names).whole for end in (span.start, span.end))
        for turn in range(first, last + 1):
            for each in going:
                each.names[statement.identifier.name] = Typed(LITERAL, turn)
            over, going = _turned(self._block(statement.block, going))
            yield from over
        yield from going

    def _while(self, statement: ast.WhileLoop, going: list[World]) -> Iterator[World]:
        while going:
            turned: list[World] = []
            for each in going:
                if not self.value(statement.while_condition, each.names).real:
                    yield each
                elif np.vdot(each.state, each.state).real > UNLIKELY:
                    over, on = _turned(self._block(statement.block, [each]))
                    yield from over
                    turned += on
            going = turned

    def _declare(self, statement: ast.ClassicalDeclaration, names: dict[str, Any]) -> None:
        kind, width = type_of(statement.type)
        value = Typed(LITERAL) if statement.init_expression is None else self.value(statement.init_expression, names)
        name = statement.identifier.name
        if kind == "bit" and name not in self.registers:
            self.registers.append(name)
        names[name] = converted(value, kind, width)

    def _call(self, call: ast.FunctionCall, world: World) -> list[tuple[World, Any]]:
        """What may come of a call: each time what the caller has after it, and the bit that is returned."""
        called, own, outside = self.subroutines[call.name.name], dict[str, Any](), dict(self.qubits)
        for parameter, each in zip(called.arguments, call.arguments, strict=True):
            given: Any = each
            if isinstance(parameter, ast.QuantumArgument):
                single = isinstance(given, ast.Identifier)
                where, at = (given, 0) if single else (given.collection, self.value(given.index[0], world.names).whole)
                self.qubits[parameter.name.name] = [outside[where.name][at]]
            else:
                own[parameter.name.name] = converted(self.value(given, world.names), *type_of(parameter.type))
        after = self._block(called.body, [World(world.state, own)])
        self.qubits = outside
        return [(World(end.state, dict(world.names)), end.names.get("return")) for end in after]

    def _with_bit(self, target: Any, bit: int, names: dict[str, Any]) -> dict[str, Any]:
        bits = list(names[target.name.name].bits)
        bits[self.value(target.indices[0][0], names).whole] = bit
        return {**names, target.name.name: Typed("bit", bits=tuple(bits))}

    def _qubit(self, operand: Any, names: dict[str, Any]) -> int:
        if isinstance(operand, ast.Identifier):
            return self.qubits[operand.name][0]
        return self.qubits[operand.name.name][self.value(operand.indices[0][0], names).whole]

    def _measure(self, statement: Any, world: World) -> Iterator[World]:
        target = statement.target
        for bit, state in measured(world.state, self._qubit(statement.measure.qubit, world.names)):
            yield World(state, self._with_bit(target, bit, world.names))

    def value(self, node: Any, names: dict[str, Any]) -> Typed:
        match node:
            case ast.IntegerLiteral():
                return Typed(LITERAL, node.value)
            case ast.FloatLiteral():
                return Typed("float", node.value)
            case ast.BooleanLiteral():
                return Typed("bool", node.value)
            case ast.BitstringLiteral():
                return sized("bit", node.value, node.width)
            case ast.Identifier():
                return Typed("float", math.pi) if node.name == "pi" else names[node.name]
            case ast.IndexExpression():
                return self._indexed(node, names)
            case ast.Cast():
                return converted(self.value(node.argument, names), *type_of(node.type))
            case ast.UnaryExpression():
                return self.unary(node.op.name, self.value(node.expression, names))
            case ast.BinaryExpression():
                left = self.value(node.lhs, names)
                if node.op.name in ("&&", "||") and bool(left.real) == (node.op.name == "||"):
                    return Typed("bool", bool(left.real))
                right = self.value(node.rhs, names)
                return (
                    Typed("bool", bool(right.real))
                    if node.op.name in ("&&", "||")
                    else self.binary(node.op.name, left, right)
                )
        raise AssertionError(node)

    def _indexed(self, node: Any, names: dict[str, Any]) -> Typed:
        found, index = names[node.collection.name], node.index[0]
        if isinstance(index, ast.RangeDefinition):
            first, last = self.value(index.start, names).whole, self.value(index.end, names).whole
            return Typed("bit", bits=found.bits[first : last + 1])
        return Typed("single", found.bits[self.value(index, names).whole])

    def unary(self, operator: str, value: Typed) -> Typed:
        if operator == "!":
            return Typed("bool", not value.real)
        if operator == "~":
            if value.bits is None:
                return Typed(value.type, 1 - int(value.number))
            return Typed(value.type, bits=tuple(1 - bit for bit in value.bits))
        if value.bits is None:
            return Typed(value.type, -value.number)
        kind = "uint" if value.type == "bit" else value.type
        flipped = Typed(kind, bits=tuple(1 - bit for bit in value.bits))
        return added(flipped, sized(kind, 1, len(value.bits)))

    def binary(self, operator: str, left: Typed, right: Typed) -> Typed:
        if operator in ("==", "!=", "<", ">", "<=", ">="):
            if "angle" in (left.type, right.type):
                left, right = alike(left, right)
                return Typed("bool", compared(operator, left.whole, right.whole))
            return Typed("bool", compared(operator, left.real, right.real))
        if operator in ("<<", ">>"):
            return shifted(operator, left, right.whole)
        if operator == "*" and right.type == "angle":
            left, right = right, left
        if left.type == "angle" and operator in ("*", "/") and right.type != "angle":
            assert left.bits is not None
            number = left.whole * right.whole if operator == "*" else left.whole // right.whole
            return sized("angle", number, len(left.bits))
        if "float" in (left.type, right.type) and "angle" not in (left.type, right.type):
            return Typed("float", plain(operator, left.real, right.real))
        one, other = alike(left, right)
        if one.bits is None or other.bits is None:
            both = "single" if one.type == other.type == "single" else LITERAL
            return Typed(both, plain(operator, one.whole, other.whole))
        if operator in ("&", "|", "^"):
            pairs = zip(one.bits, other.bits, strict=True)
            found = tuple(a & b if operator == "&" else a | b if operator == "|" else a ^ b for a, b in pairs)
            return Typed(one.type, bits=found)
        kind = "uint" if one.type == "bit" else one.type
        if operator == "+":
            return added(Typed(kind, bits=one.bits), other)
        if operator == "-":
            return added(Typed(kind, bits=one.bits), self.unary("-", other))
        return sized(kind, plain(operator, one.whole, other.whole), len(one.bits))


def _turned(worlds: Sequence[World]) -> tuple[list[World], list[World]]:
    """(those that have left a loop, those that go on with its next turn)."""
    out = [World(each.state, each.names) for each in worlds if each.leaves is ast.BreakStatement]
    return out, [World(each.state, each.names) for each in worlds if each.leaves is not ast.BreakStatement]


def apply(state: Any, gate: Any, angles: Sequence[float], qubits: Sequence[int]) -> Any:
    """The state after a gate, by its whole matrix over the named qubits."""
    matrix = (type(gate)(*angles) if angles else gate).to_matrix()
    count = int(math.log2(len(state)))
    axes = [count - 1 - qubit for qubit in reversed(qubits)]
    tensor = np.moveaxis(state.reshape([2] * count), axes, range(len(qubits)))
    shape = tensor.shape
    tensor = (matrix @ tensor.reshape(2 ** len(qubits), -1)).reshape(shape)
    return np.moveaxis(tensor, range(len(qubits)), axes).reshape(-1)


def measured(state: Any, qubit: int) -> Iterator[tuple[int, Any]]:
    """What a measurement can give, and the state after each, not normalised."""
    ones = (np.arange(len(state)) >> qubit & 1).astype(bool)
    for bit in (0, 1):
        after = np.where(ones == bool(bit), state, 0)
        if np.vdot(after, after).real > 1e-14:
            yield bit, after


def type_of(node: Any) -> tuple[str, int | None]:
    width = getattr(node, "size", None)
    kind = type(node).__name__.removesuffix("Type").lower()
    return kind, None if width is None else width.value


def converted(value: Typed, kind: str, width: int | None) -> Typed:
    if kind == "bool":
        return Typed("bool", bool(value.real))
    if kind == "float":
        return Typed("float", float(value.real))
    if kind == "bit" and width is None:
        return Typed("bit", bits=(value.whole & 1,))
    if width is None:
        return Typed(kind if kind != "int" else LITERAL, int(value.real))
    if kind == "angle" and value.type in ("float", LITERAL):
        return sized("angle", round((value.number % (2 * math.pi)) / (2 * math.pi) * 2**width), width)
    return sized(kind, int(value.number) if value.bits is None else value.whole, width)


def alike(left: Typed, right: Typed) -> tuple[Typed, Typed]:
    """Both operands in the type in which they are computed."""
    for one, other, swapped in ((left, right, False), (right, left, True)):
        if one.bits is not None and other.bits is None:
            cast = converted(other, one.type, len(one.bits))
            return (cast, one) if swapped else (one, cast)
    if left.bits is None or right.bits is None:
        return left, right
    width = max(len(left.bits), len(right.bits))
    if left.type == "angle":
        return tuple(sized("angle", one.whole << (width - len(one.bits or ())), width) for one in (left, right))  # type: ignore[return-value]
    kinds = {left.type, right.type}
    if kinds == {"bit"}:
        kind = "bit"
    elif "int" not in kinds:
        kind = "uint"
    else:
        signed = [len(one.bits or ()) for one in (left, right) if one.type == "int"]
        unsigned = [len(one.bits or ()) for one in (left, right) if one.type != "int"]
        kind = "int" if not unsigned or max(signed) > max(unsigned) else "uint"
    return sized(kind, left.whole, width), sized(kind, right.whole, width)


def added(left: Typed, right: Typed) -> Typed:
    """A ripple carry adder, whose last carry is lost."""
    assert left.bits is not None
    assert right.bits is not None
    bits, carry = [], 0
    for a, b in zip(left.bits, right.bits, strict=True):
        bits.append(a ^ b ^ carry)
        carry = (a & b) | (carry & (a ^ b))
    return Typed(left.type, bits=tuple(bits))


def shifted(operator: str, value: Typed, by: int) -> Typed:
    if value.bits is None:
        return Typed(value.type, value.whole << by if operator == "<<" else value.whole >> by)
    bits, width = value.bits, len(value.bits)
    moved = ((0,) * by + bits)[:width] if operator == "<<" else (bits[by:] + (0,) * width)[:width]
    return Typed(value.type, bits=moved)


def compared(operator: str, left: float, right: float) -> bool:
    return {"==": left == right, "!=": left != right, "<": left < right, ">": left > right, "<=": left <= right,
            ">=": left >= right}[operator]  # fmt: skip


def plain(operator: str, left: Any, right: Any) -> Any:
    if operator == "/":
        return left // right if isinstance(left, int) and isinstance(right, int) else left / right
    known = {"+": add, "-": sub, "*": mul, "%": mod, "&": and_, "|": or_, "^": xor}
    return known.get(operator, pow)(left, right)
