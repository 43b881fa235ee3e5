"""Parsing the statements of OpenQASM 2 and of the part of OpenQASM 3 that is read. What is not is refused by its name."""

from __future__ import annotations

from collections.abc import Iterator

from queuebit_circuits.qasm.control import ControlParser
from queuebit_circuits.qasm.library import PRAGMAS, REFUSED
from queuebit_circuits.qasm.plain import plain
from queuebit_circuits.qasm.source import Token, shown
from queuebit_circuits.qasm.syntax import (
    Alias,
    Assign,
    BarrierAcross,
    Call,
    Define,
    Delay,
    MeasureAway,
    MeasureInto,
    Modifier,
    Operand,
    ResetQubits,
    Statement,
)
from queuebit_circuits.qasm.terms import Expression, Index, Listed, Range

_VALUES = frozenset({"int", "uint", "float", "angle", "bool"})
_MODIFIERS = frozenset({"ctrl", "negctrl", "inv", "pow"})
_ASSIGNING = {"=": "=", "+=": "+", "-=": "-", "*=": "*", "/=": "/", "%=": "%", "<<=": "<<", ">>=": ">>", "**=": "**",
              "&=": "&", "|=": "|", "^=": "^"}  # fmt: skip


class Parser(ControlParser):
    """Reads one statement at a time, so that what is too large is refused before the rest is read."""

    def header(self) -> int:
        """Take the header, where there is one; the version that the text is in."""
        if not self.tokens.skip("OPENQASM"):
            self.version = 2 if "qelib1.inc" in self.tokens.source.text else 3
            return self.version
        number = self.tokens.take()
        if number.kind != "number" or number.text.partition(".")[0] not in ("2", "3"):
            raise self.tokens.source.error(
                number, f"the version should be 2.0 or 3.0, not {shown(number)}", "Write `OPENQASM 3.0;`."
            )
        self.version = int(number.text[0])
        self.end(f"OPENQASM {number.text}")
        return self.version

    def statements(self) -> Iterator[Statement]:
        while (kind := self.tokens.next.kind) != "end":
            statement = plain(self.tokens) if kind == "name" else None
            if statement is None:
                yield from self._statement(outermost=True)
            else:
                yield statement

    _nop_is_gate = False
    """Whether the text defines a gate of that name, which older texts may."""

    def _statement(self, *, outermost: bool = False) -> Iterator[Statement]:
        token = self.tokens.next
        if token.text in ("#", "pragma") and token.kind != "string" and self.version == 3:
            line = self.tokens.source.text[token.place : token.place + 100].removeprefix("#").split()
            what, remedy = PRAGMAS.get(
                line[2].partition("(")[0] if line[1:2] == ["braket"] and len(line) > 2 else "", PRAGMAS[""]
            )
            raise self.tokens.error(f"{what} are not supported", remedy)
        if token.text == "@" and token.kind == "sign" and self.version == 3:
            self._pass_line(token)
            return
        if token.kind == "qubit":
            raise self.tokens.error("a statement cannot begin with a qubit", "Write the gate first.")
        if self.tokens.skip(";"):
            return
        self.tokens.name("the beginning of a statement")
        if (
            token.text == "end"
            and outermost
            and self.version == 3
            and self.tokens.skip(";")
            and self.tokens.next.kind == "end"
        ):
            return
        refused = REFUSED[self.version].get(token.text)
        if refused is not None:
            raise self.tokens.source.error(token, f"{refused[0]} ({token.text}) are not supported", refused[1])
        if token.text == "OPENQASM":
            raise self.tokens.source.error(token, "OPENQASM should stand first", "Leave the second header out.")
        if token.text in ("qreg", "creg", "include", "gate", "qubit", "def") and not outermost:
            raise self.tokens.source.error(
                token, f"{token.text} cannot stand in a block", "Declare it before, outside of all blocks."
            )
        yield from self._of(token)

    def _pass_line(self, token: Token) -> None:
        """Pass over an annotation: it tells tools what to do, and changes no outcome."""
        text = self.tokens.source.text
        end = text.find("\n", token.place)
        self.tokens.jump(len(text) if end < 0 else end)

    def _of(self, token: Token) -> Iterator[Statement]:
        """The statement that this name, which is taken, begins."""
        match token.text:
            case "include":
                yield self.include(token)
            case "qreg" | "creg":
                yield self.register(token)
            case "gate":
                yield self._gate(token)
            case "barrier":
                operands = () if self.tokens.at(";") else self.operands()
                self.end("barrier")
                yield BarrierAcross(operands, token.place)
            case "reset":
                operand = self.operand_after("reset")
                self.end("reset")
                yield ResetQubits(operand, token.place)
            case "opaque" if self.version == 2:
                yield self.opaque()
            case "measure":
                yield self._measure(token)
            case "if":
                yield self._if(token)
            case _ if self.version == 3:
                yield from self._of_3(token)
            case _:
                yield self._call((), token)

    def _of_3(self, token: Token) -> Iterator[Statement]:
        match token.text:
            case "qubit" | "bit":
                yield from self.sized(token)
            case "const":
                kind = self.tokens.name("the type of a constant")
                if kind.text not in _VALUES:
                    raise self.tokens.source.error(
                        kind, f"a constant has no type {kind.text!r}", f"Write one of {', '.join(sorted(_VALUES))}."
                    )
                yield self.value_of(kind, constant=True)
            case "def":
                yield self._subroutine(token)
            case "let":
                name = self.tokens.name("an alias")
                self.tokens.expect("=", "the name of an alias")
                value = self.joined()
                self.end("let")
                yield Alias(name.text, value, token.place)
            case "input":
                yield self.given()
            case "delay":
                yield self.delay(token)
            case "nop" if self.version == 3 and not self._nop_is_gate:
                operands = () if self.tokens.at(";") else self.operands()
                self.end("nop")
                yield Delay(operands, token.place)
            case "box":
                yield from self._box()
            case "while":
                yield self._while(token)
            case "switch":
                yield from self._switch(token)
            case "for":
                yield self._for(token)
            case "break" | "continue":
                yield self._leave(token)
            case _ if token.text in _VALUES:
                yield self.value_of(token, constant=False)
            case _ if token.text in _MODIFIERS:
                yield self._modified(token)
            case _ if self.tokens.next.text in _ASSIGNING or self.tokens.at("["):
                found = self._assignment(token)
                if (
                    isinstance(found, Assign)
                    and (found.operator, found.index) == ("=", None)
                    and self.tokens.at("switch")
                ):
                    yield from self._switch(self.tokens.take(), found)
                else:
                    yield found
            case _:
                yield self._call((), token)

    def _gate(self, token: Token) -> Define:
        name = self.tokens.name("a gate")
        self._nop_is_gate |= name.text == "nop"
        parameters: tuple[str, ...] = ()
        if self.tokens.skip("("):
            parameters = self.names(")", "a parameter")
        qubits = self.names("{", "a qubit of a gate")
        with self._within(False):
            body = self._block_rest()
        return Define(name.text, parameters, qubits, body, token.place)

    def _measure(self, token: Token) -> Statement:
        qubits = self.operand_after("measure")
        if self.version == 3 and self.tokens.skip(";"):
            return MeasureAway(qubits, token.place)
        if not self.tokens.at("->"):
            raise self.tokens.error("a measurement should say into which bits", "Write `measure q -> c;`.")
        self.tokens.take()
        bits = self.operand_after("->")
        self.end("measure")
        return MeasureInto(qubits, bits, token.place)

    def _assignment(self, token: Token) -> Statement:
        """`c = measure q;`, `c[0] = measure q[0];`, `n += 1;`; the name is taken."""
        indices: list[Index] = []
        while self.tokens.at("["):
            indices.append(self.index())
        sign = self.tokens.take()
        operator = _ASSIGNING.get(sign.text)
        if operator is None:
            raise self.tokens.source.error(
                sign, f"'=' or the qubits of a gate should follow, not {shown(sign)}", "Write a gate or an assignment."
            )
        if operator == "=" and self.tokens.skip("measure"):
            qubits = self.operand_after("measure")
            self.end("measure")
            return MeasureInto(qubits, Operand(token.text, tuple(indices), token.place), token.place)
        value = self.expression()
        self.end("=")
        if len(indices) > 1 or (indices and isinstance(indices[0], Range | Listed)):
            raise self.tokens.source.error(token, "only one bit or a whole variable can be set", "Set one at a time.")
        index = indices[0] if indices and not isinstance(indices[0], Range | Listed) else None
        return Assign(token.text, index, operator, value, token.place)

    def _modified(self, token: Token) -> Call:
        modifiers: list[Modifier] = []
        while token.text in _MODIFIERS:
            argument = None
            if self.tokens.skip("("):
                with self.nested():
                    argument = self.expression()
                    self.tokens.expect(")", f"the number of {token.text}")
            self.tokens.expect("@", token.text)
            modifiers.append(Modifier(token.text, argument, token.place))
            token = self.tokens.name("a gate")
        return self._call(tuple(modifiers), token)

    def _call(self, modifiers: tuple[Modifier, ...], token: Token) -> Call:
        angles: tuple[Expression, ...] = ()
        if self.tokens.skip("("):
            with self.nested():
                angles = self.listed(")")
        operands = () if self.tokens.at(";") else self.operands()
        self.end(token.text)
        return Call(token.text, modifiers, angles, operands, token.place)
