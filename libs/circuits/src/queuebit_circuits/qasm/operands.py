"""Parsing what gates and measurements act on: registers, their elements, and parts of them."""

from __future__ import annotations

from queuebit_circuits.qasm.expressions import ExpressionParser
from queuebit_circuits.qasm.source import shown
from queuebit_circuits.qasm.syntax import Operand
from queuebit_circuits.qasm.terms import Index

OPERANDS_MAX = 2_000
JOINED_MAX = 32
INDICES_MAX = 8


class OperandParser(ExpressionParser):
    """Reads operands from tokens."""

    def operands(self) -> tuple[Operand, ...]:
        found = [self.operand_after("a gate")]
        while self.tokens.skip(","):
            if self.version == 3 and self.tokens.at(";"):
                break
            if len(found) == OPERANDS_MAX:
                raise self.tokens.error(f"more than {OPERANDS_MAX} qubits are named", "Name fewer.")
            found.append(self.operand_after(","))
        return tuple(found)

    def joined(self) -> Operand:
        """Operands with ++ between them."""
        parts = [self.operand_after("=")]
        while self.tokens.skip("++"):
            parts.append(self.operand_after("++"))
            if len(parts) > JOINED_MAX:
                raise self.tokens.error(f"more than {JOINED_MAX} parts are joined", "Join fewer.")
        found = parts.pop()
        while parts:
            last = parts.pop()
            found = Operand(last.name, last.indices, last.place, found)
        return found

    def operand_after(self, after: str) -> Operand:
        token = self.tokens.next
        if token.kind not in ("name", "qubit") or (token.kind == "qubit" and self.version == 2):
            raise self.tokens.error(
                f"a register, or one of its elements, should follow {after!r}, not {shown(token)}", "Name it there."
            )
        self.tokens.take()
        indices: list[Index] = []
        while self.tokens.at("["):
            indices.append(self.index())
            if len(indices) > INDICES_MAX:
                raise self.tokens.error(f"more than {INDICES_MAX} indices follow each other", "State fewer.")
        return Operand(token.text, tuple(indices), token.place)
