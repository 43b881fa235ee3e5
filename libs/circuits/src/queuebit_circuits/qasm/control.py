"""Parsing what decides which statements are run, and how often: conditions, cases, loops, and the blocks of all of them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

from queuebit_circuits.qasm.blocks import leaves, weight
from queuebit_circuits.qasm.declarations import DeclarationParser
from queuebit_circuits.qasm.source import Token
from queuebit_circuits.qasm.syntax import (
    Assign,
    For,
    If,
    Leave,
    Operand,
    Parameter,
    Statement,
    Subroutine,
    Switched,
    While,
)
from queuebit_circuits.qasm.terms import Binary, Expression, Listed, Named, Range, Type

PARAMETER_TYPES = ("qubit", "bit", "int", "uint", "float", "angle", "bool")
PARAMETERS_MAX = 64
CASES_MAX = 32
"""Of a switch; each stands within the one before."""


class ControlParser(DeclarationParser):
    """Reads statements that hold statements; their first word is taken."""

    _looped = False
    """Whether a loop stands around the next statement."""

    @contextmanager
    def _within(self, looped: bool) -> Iterator[None]:
        outside, self._looped = self._looped, looped
        yield
        self._looped = outside

    def _leave(self, token: Token) -> Leave:
        if not self._looped:
            remedy = "Leave it out; a case of a switch ends with its block."
            raise self.tokens.source.error(token, f"{token.text} stands in no loop", remedy)
        self.end(token.text)
        return Leave(token.text == "continue", token.place)

    @abstractmethod
    def _statement(self, *, outermost: bool = False) -> Iterator[Statement]:
        """The statements that the next one stands for."""

    def _if(self, token: Token) -> If:
        self.tokens.expect("(", "if")
        with self.nested():
            condition = self.expression()
            self.tokens.expect(")", "the condition")
            then = self._block() if self.version == 3 else self._conditional()
            otherwise: tuple[Statement, ...] = ()
            if self.version == 3 and self.tokens.skip("else"):
                otherwise = self._block()
        return If(condition, then, otherwise, token.place, leaves(then) or leaves(otherwise))

    def _conditional(self) -> tuple[Statement, ...]:
        token = self.tokens.next
        if token.text in ("if", "gate", "qreg", "creg", "barrier", "include", "{"):
            raise self.tokens.error(
                f"{token.text!r} cannot be conditional", "Write a gate, a measurement or a reset after the condition."
            )
        return tuple(self._statement())

    def _block(self) -> tuple[Statement, ...]:
        if self.tokens.skip("{"):
            return self._block_rest()
        with self.nested():
            return tuple(self._statement())

    def _block_rest(self) -> tuple[Statement, ...]:
        found: list[Statement] = []
        with self.nested():
            while not self.tokens.skip("}"):
                if self.tokens.next.kind == "end":
                    raise self.tokens.error("a block is not closed", "Write '}' at its end.")
                found += self._statement()
        return tuple(found)

    def _subroutine(self, token: Token) -> Subroutine:
        """`def name(qubit q, float x) -> bit { … return measure q; }`, its first word taken."""
        name = self.tokens.name("a subroutine")
        self.tokens.expect("(", "the name of a subroutine")
        parameters: list[Parameter] = []
        while not self.tokens.skip(")"):
            if parameters:
                self.tokens.expect(",", "a parameter")
                if self.tokens.skip(")"):
                    break
            if len(parameters) == PARAMETERS_MAX:
                raise self.tokens.error(f"a subroutine has more than {PARAMETERS_MAX} parameters", "Use fewer.")
            parameters.append(self._parameter())
        if self.tokens.skip("->"):
            kind = self.tokens.name("the type of a result")
            if kind.text != "bit":
                raise self.tokens.source.error(
                    kind, f"a subroutine that returns {kind.text} is not supported", "Compute it where it is needed."
                )
            self.type_after(kind)
        self.tokens.expect("{", "a subroutine")
        body: list[Statement] = []
        returns: Operand | Named | None = None
        with self.nested(), self._within(False):
            while not self.tokens.skip("}"):
                if self.tokens.next.kind == "end":
                    raise self.tokens.error("a block is not closed", "Write '}' at its end.")
                if not self.tokens.skip("return"):
                    body += self._statement()
                    continue
                returns = self._returned()
                self.end("return")
                self.tokens.expect("}", "what a subroutine returns")
                break
        return Subroutine(name.text, tuple(parameters), tuple(body), returns, token.place)

    def _parameter(self) -> Parameter:
        kind = self.tokens.name("the type of a parameter")
        if kind.text == "qubit":
            size: Expression | None = None
            if self.tokens.skip("["):
                size = self.expression()
                self.tokens.expect("]", "the number of qubits")
            name = self.tokens.name("a parameter")
            return Parameter(name.text, None, size, name.place)
        if kind.text not in PARAMETER_TYPES:
            raise self.tokens.source.error(
                kind, f"a parameter of type {kind.text!r} is not supported", f"Use {', '.join(PARAMETER_TYPES)}."
            )
        stated = self.type_after(kind)
        name = self.tokens.name("a parameter")
        return Parameter(name.text, stated, None, name.place)

    def _returned(self) -> Operand | Named | None:
        if self.tokens.at(";"):
            return None
        if self.tokens.skip("measure"):
            return self.operand_after("measure")
        found = self.expression()
        if isinstance(found, Named):
            return found
        raise self.tokens.source.error(found.place, "a value that is computed is returned", "Return bits: measure q.")

    def _for(self, token: Token) -> For:
        kind = self.tokens.name("the type of a loop variable")
        if kind.text not in ("int", "uint"):
            raise self.tokens.source.error(
                kind, "a loop variable needs a type, int or uint", "Write `for int i in [0:3] { … }`."
            )
        stated: Type = self.type_after(kind)
        name = self.tokens.name("a loop variable")
        self.tokens.expect("in", "the loop variable")
        start = self.tokens.next
        values: Range | Listed
        if self.tokens.skip("{"):
            values = Listed(self.listed("}"), start.place)
        else:
            self.tokens.expect("[", "in")
            values = self.range_after(self.expression(), start)
            self.tokens.expect("]", "the range")
        with self.nested(), self._within(True):
            body = self._block()
        return For(stated, name.text, values, body, token.place, weight(body), leaves(body))

    def _box(self) -> tuple[Statement, ...]:
        """The statements of a box; the time that it may state is passed over, as delays are."""
        if self.tokens.skip("["):
            while not self.tokens.skip("]"):
                if self.tokens.at("{") or self.tokens.next.kind == "end":
                    raise self.tokens.error("the time of a box is not closed", "Write box[100ns] { … }.")
                self.tokens.take()
        self.tokens.expect("{", "box")
        return self._block_rest()

    def _while(self, token: Token) -> While:
        self.tokens.expect("(", "while")
        with self.nested():
            condition = self.expression()
            self.tokens.expect(")", "the condition")
            with self._within(True):
                body = self._block()
            return While(condition, body, token.place, leaves(body))

    def _switch(self, token: Token, before: Assign | None = None) -> Iterator[Statement]:
        """A switch as conditions within each other, the first case outermost, and what is set before it, which it may ask."""
        self.tokens.expect("(", "switch")
        with self.nested():
            target = self.expression()
            self.tokens.expect(")", "what is switched on")
            self.tokens.expect("{", "what is switched on")
            cases: list[tuple[list[Expression], tuple[Statement, ...], int]] = []
            otherwise: tuple[Statement, ...] = ()
            while self.tokens.skip("case"):
                if len(cases) == CASES_MAX:
                    raise self.tokens.error(f"a switch has more than {CASES_MAX} cases", "Use fewer.")
                place = self.tokens.next.place
                values = [self.expression()]
                while self.tokens.skip(","):
                    if self.tokens.at("{"):
                        break
                    values.append(self.expression())
                cases.append((values, self._block(), place))
            if self.tokens.skip("default"):
                otherwise = self._block()
            self.tokens.expect("}", "the cases")
        if not cases:
            raise self.tokens.source.error(token, "a switch has no case", "Write case 0 { … }.")
        ways = self._ways(target, cases, otherwise)
        if before is None or not isinstance(target, Named) or target.name != before.name:
            yield from () if before is None else (before,)
            yield ways
            return
        yield Switched(before, ways, self._ways(before.value, cases, otherwise), token.place)

    def _ways(
        self,
        target: Expression,
        cases: list[tuple[list[Expression], tuple[Statement, ...], int]],
        otherwise: tuple[Statement, ...],
    ) -> If:
        for values, body, place in reversed(cases):
            left = leaves(body) or leaves(otherwise)
            otherwise = (If(self._one_of(target, values, place), body, otherwise, place, left),)
        [found] = otherwise
        assert isinstance(found, If)
        return found

    def _one_of(self, target: Expression, values: list[Expression], place: int) -> Expression:
        tests = [
            Binary("==", target, value, place, max(target.depth, value.depth) + 1, target.size + value.size + 1)
            for value in values
        ]
        found: Expression = tests[0]
        for test in tests[1:]:
            found = Binary("||", found, test, place, max(found.depth, test.depth) + 1, found.size + test.size + 1)
        return found
