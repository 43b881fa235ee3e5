"""Parsing what declares names in OpenQASM: registers, values, files that are included."""

from __future__ import annotations

from collections.abc import Iterator

from queuebit_circuits.qasm.operands import OPERANDS_MAX, OperandParser
from queuebit_circuits.qasm.source import Token, shown
from queuebit_circuits.qasm.syntax import (
    DeclareBits,
    DeclareInput,
    DeclareQubits,
    DeclareValue,
    Delay,
    Include,
    Opaque,
    Operand,
    Statement,
)
from queuebit_circuits.qasm.terms import Expression, Number


class DeclarationParser(OperandParser):
    """Reads declarations, whose first word is taken."""

    def end(self, what: str) -> None:
        """Take the semicolon."""
        self.tokens.expect(";", f"`{what}`")

    def include(self, token: Token) -> Include:
        """A file to include, by its name in quotes."""
        if self.tokens.next.kind != "string":
            raise self.tokens.error(f"a file name in quotes should follow, not {shown(self.tokens.next)}", "Quote it.")
        name = self.tokens.take().text[1:-1]
        self.end("include")
        return Include(name, token.place)

    def register(self, token: Token) -> Statement:
        """`qreg q[4];`, `creg c[4];`"""
        name = self.tokens.name("a register")
        size: Expression | None = Number(1, name.place)
        if self.version == 2 or self.tokens.at("["):
            self.tokens.expect("[", "the name of a register")
            size = self.expression()
            self.tokens.expect("]", "the size of a register")
        self.end(token.text)
        if token.text == "qreg":
            return DeclareQubits(name.text, size, name.place)
        return DeclareBits(name.text, size, None, name.place)

    def sized(self, token: Token) -> Iterator[Statement]:
        """`qubit[4] q;`, `bit c;`, `bit[4] c = measure q;`, and several of them with commas between."""
        size: Expression | None = None
        if self.tokens.skip("["):
            size = self.expression()
            self.tokens.expect("]", "the size")
        while True:
            name = self.tokens.name("what is declared")
            if self.tokens.at("["):
                raise self.tokens.error(
                    "the size of a register stands before its name", f"Write {token.text}[n] {name.text};"
                )
            if token.text == "qubit":
                yield DeclareQubits(name.text, size, name.place)
            else:
                initial: Operand | Expression | None = None
                if self.tokens.skip("="):
                    initial = self.operand_after("measure") if self.tokens.skip("measure") else self.expression()
                yield DeclareBits(name.text, size, initial, name.place)
            if not self.tokens.skip(","):
                break
        self.end(token.text)

    def value_of(self, token: Token, *, constant: bool) -> DeclareValue:
        """`int[8] n = 3;`, `const float x = 0.5;`"""
        kind = self.type_after(token)
        name = self.tokens.name("what is declared")
        value = None
        if constant or self.tokens.at("="):
            self.tokens.expect("=", "the name of a constant")
            value = self.expression()
        self.end(token.text)
        return DeclareValue(kind, name.text, value, constant, name.place)

    def given(self) -> DeclareInput:
        """`input float theta;`, its first word taken."""
        kind = self.tokens.name("the type of an input")
        if kind.text not in ("int", "uint", "float", "angle", "bool"):
            raise self.tokens.source.error(
                kind, f"an input of type {kind.text!r} is not supported", "Use int, uint, float, angle or bool."
            )
        stated = self.type_after(kind)
        name = self.tokens.name("an input")
        self.end("input")
        return DeclareInput(stated, name.text, name.place)

    def opaque(self) -> Opaque:
        """`opaque g(a) q;`, its first word taken."""
        name = self.tokens.name("a gate")
        if self.tokens.skip("("):
            self.names(")", "a parameter")
        self.names(";", "a qubit of a gate")
        return Opaque(name.text, name.place)

    def delay(self, token: Token) -> Delay:
        """`delay[100ns] q[0];`, its first word taken. How long it takes is passed over."""
        self.tokens.expect("[", "delay")
        while not self.tokens.skip("]"):
            if self.tokens.at(";") or self.tokens.next.kind == "end":
                raise self.tokens.error("the time of a delay is not closed", "Write delay[100ns] q[0];")
            self.tokens.take()
        operands = () if self.tokens.at(";") else self.operands()
        self.end("delay")
        return Delay(operands, token.place)

    def names(self, end: str, what: str) -> tuple[str, ...]:
        """Names with commas between, up to the sign that ends them."""
        names: list[str] = []
        while not self.tokens.skip(end):
            if names:
                self.tokens.expect(",", what)
                if self.version == 3 and self.tokens.skip(end):
                    break
            token = self.tokens.name(what)
            if token.text in names:
                raise self.tokens.source.error(token, f"{token.text!r} is named twice", "Name each once.")
            if len(names) == OPERANDS_MAX:
                raise self.tokens.source.error(token, f"more than {OPERANDS_MAX} are named", "Name fewer.")
            names.append(token.text)
        return tuple(names)
