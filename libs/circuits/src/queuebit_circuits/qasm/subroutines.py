"""Subroutines, written out where they are called."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence

from queuebit_circuits.circuit import Operation
from queuebit_circuits.qasm.registers import Registers
from queuebit_circuits.qasm.scope import QUBITS_MAX, Bits, Budget, Qubits, Scope
from queuebit_circuits.qasm.source import Source
from queuebit_circuits.qasm.syntax import (
    Alias,
    Assign,
    DeclareBits,
    For,
    If,
    MeasureInto,
    Operand,
    Parameter,
    Statement,
    Subroutine,
    Switched,
    While,
)
from queuebit_circuits.qasm.terms import Expression, Indexed, Named
from queuebit_circuits.qasm.values import Evaluator

CALLS_DEPTH_MAX = 32
"""Subroutines within subroutines."""


class Subroutines(Registers):
    """Knows the subroutines of a text. They see the constants outside of them, and what they are called with.

    The bits that one returns are those that it is called for, under its own name for them. Every statement is counted as often
    as it is run, so that calls within calls end where loops within loops do.
    """

    def __init__(self, source: Source, evaluator: Evaluator, budget: Budget, outermost: Scope) -> None:
        super().__init__(source, evaluator, budget)
        self._outermost = outermost
        self._subroutines: dict[str, Subroutine] = {}
        self._calling: list[str] = []

    @abstractmethod
    def _statement(self, statement: Statement, scope: Scope, into: list[Operation]) -> None: ...

    @abstractmethod
    def _measure(self, qubits: Qubits, bits: Bits, place: int, into: list[Operation]) -> None: ...

    def _define_subroutine(self, statement: Subroutine) -> None:
        name, place = statement.name, statement.place
        if name in self._subroutines:
            raise self._source.error(place, f"the subroutine {name} is defined twice", "Give the second another name.")
        names = [parameter.name for parameter in statement.parameters]
        if len(set(names)) < len(names):
            raise self._source.error(place, f"two parameters of {name} have one name", "Rename one.")
        bits = {each.name for each in statement.parameters if each.type is not None and each.type.name == "bit"}
        for inner in statements_of(statement.body):
            written = inner.bits.name if isinstance(inner, MeasureInto) else None
            written = inner.name if isinstance(inner, Assign) else written
            joined = inner.value.name if isinstance(inner, Alias) else None
            if written in bits or joined in bits:
                raise self._source.error(
                    inner.place, "bits that a subroutine is called with are set in it", "Return bits: they are copies."
                )
        self._subroutines[name] = statement

    def _call(
        self,
        name: str,
        arguments: Sequence[Expression],
        place: int,
        scope: Scope,
        into: list[Operation],
        target: Bits | None,
    ) -> None:
        """The statements of a subroutine for these arguments; what it returns goes into the target."""
        called = self._subroutines[name]
        if name in self._calling:
            raise self._source.error(place, f"the subroutine {name} calls itself", "Write a loop.")
        if len(self._calling) == CALLS_DEPTH_MAX:
            raise self._source.error(place, f"more than {CALLS_DEPTH_MAX} subroutines call each other", "Call fewer.")
        if len(arguments) != len(called.parameters):
            wanted = len(called.parameters)
            raise self._source.error(place, f"{name} takes {wanted} arguments, not {len(arguments)}", "Correct them.")
        if target is not None and called.returns is None:
            raise self._source.error(place, f"the subroutine {name} returns nothing", "Call it as a statement.")
        inner = Scope(self._outermost, closed=True, conditional=scope.conditional)
        read: set[int] = set()
        for parameter, argument in zip(called.parameters, arguments, strict=True):
            self._bind(parameter, argument, scope, inner, read)
        if target is not None and read.intersection(target.numbers):
            raise self._source.error(place, f"a bit is read by {name} and set by it", "Use two bits.")
        self._calling.append(name)
        self._run_body(called, inner, into, target)
        self._calling.pop()

    def _bind(self, parameter: Parameter, argument: Expression, scope: Scope, inner: Scope, read: set[int]) -> None:
        name, stated = parameter.name, parameter.type
        if stated is None:
            found = self._qubits_of(self._operand_of(argument), scope)
            size = (
                1
                if parameter.size is None
                else self._evaluator.whole(parameter.size, inner, "the number of qubits", 1, QUBITS_MAX)
            )
            if len(found.numbers) != size:
                raise self._source.error(
                    argument.place, f"{name} should be {size} qubits, not {len(found.numbers)}", "Name as many."
                )
            inner.names[name] = Qubits(found.numbers, parameter.size is None)
            return
        bits = self._evaluator.bits(argument, scope) if stated.name == "bit" else None
        if bits is not None:
            self._budget.spend(len(bits.numbers), argument.place)
            wanted = 1 if stated.width is None else self._evaluator.whole(stated.width, inner, "a width", 1, 2**20)
            if len(bits.numbers) != wanted:
                raise self._source.error(
                    argument.place, f"{name} should be {wanted} bits, not {len(bits.numbers)}", "Name as many."
                )
            read.update(bits.numbers)
            inner.names[name] = Bits(bits.numbers, stated.width is None)
            return
        value = self._evaluator.converted(self._evaluator.value(argument, scope), stated, inner, argument.place)
        inner.names[name] = value._replace(constant=False)

    def _operand_of(self, argument: Expression) -> Operand:
        match argument:
            case Named(name, place):
                return Operand(name, (), place)
            case Indexed(name, index, place):
                return Operand(name, (index,), place)
            case _:
                raise self._source.error(argument.place, "qubits should stand here", "Name a register or a qubit.")

    def _run_body(self, called: Subroutine, scope: Scope, into: list[Operation], target: Bits | None) -> None:
        own = called.returns.name if isinstance(called.returns, Named) else None
        for statement in called.body:
            if isinstance(statement, DeclareBits) and statement.name == own:
                self._declare_returned(statement, scope, into, target)
            else:
                self._statement(statement, scope, into)
        if isinstance(called.returns, Operand):
            qubits = self._qubits_of(called.returns, scope)
            if target is None:
                self._forget(qubits)
            else:
                self._measure(qubits, target, called.place, into)
        elif own is not None and not isinstance(scope.names.get(own), Bits):
            raise self._source.error(
                called.place, f"{called.name} returns no bits of its own", "Declare bit[n] c; in it."
            )

    @abstractmethod
    def _forget(self, qubits: Qubits) -> None:
        """A measurement whose result nothing keeps."""

    def _declare_returned(
        self, statement: DeclareBits, scope: Scope, into: list[Operation], target: Bits | None
    ) -> None:
        """The bits that are returned are those that the subroutine is called for."""
        name, place = statement.name, statement.place
        if target is None:
            raise self._source.error(place, "what the subroutine returns is kept nowhere", "Write c = name(q);")
        self._new(name, scope, place)
        size = 1 if statement.size is None else self._size(statement.size, scope, "classical bits", 2**20, 2**20)
        if size != len(target.numbers):
            raise self._source.error(
                place, f"{size} bits are returned into {len(target.numbers)}", "Call it for as many bits."
            )
        bits = Bits(target.numbers, statement.size is None)
        scope.names[name] = bits
        match statement.initial:
            case None:
                pass
            case Operand():
                self._measure(self._qubits_of(statement.initial, scope), bits, place, into)
            case _:
                raise self._source.error(place, f"the bit {name} begins with a value", "Measure into it first.")


def statements_of(body: Sequence[Statement]) -> Iterator[Statement]:
    for statement in body:
        yield statement
        match statement:
            case If():
                yield from statements_of(statement.then)
                yield from statements_of(statement.otherwise)
            case Switched(_, ways):
                yield from statements_of((ways,))
            case For() | While():
                yield from statements_of(statement.body)
            case _:
                pass
