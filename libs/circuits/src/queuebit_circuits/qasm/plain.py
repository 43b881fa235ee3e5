"""The statements that fill long circuits, read in one go: `cx q[0], q[1];`, `rz(0.5) q[2];`, `measure q[0] -> c[0];`.

They mean what the parser would make of them; whatever looks otherwise is left to it.
"""

from __future__ import annotations

import re

from queuebit_circuits.qasm.library import WORDS
from queuebit_circuits.qasm.source import Tokens
from queuebit_circuits.qasm.syntax import Call, MeasureInto, Operand, Statement
from queuebit_circuits.qasm.terms import Number

_NAME = r"[^\W\d]\w*"
_ELEMENT = rf"({_NAME})\[([0-9]{{1,6}})\]"
_NUMBER = r"-?(?:[0-9]{1,30}\.[0-9]{0,30}|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,3})?"
_GATE = re.compile(
    rf"({_NAME})(?:\s+|\s*\(\s*({_NUMBER})\s*\)\s*){_ELEMENT}(?:\s*,\s*{_ELEMENT})?(?:\s*,\s*{_ELEMENT})?\s*;\s*"
)
_MEASURE = re.compile(rf"measure\s+{_ELEMENT}\s*->\s*{_ELEMENT}\s*;\s*")


def plain(tokens: Tokens) -> Statement | None:
    """The statement that begins with the next token, which is taken; None, and nothing is taken, where it is not plain."""
    place, word = tokens.next.place, tokens.next.text
    statement: Statement
    if word in WORDS:
        match = _MEASURE.match(tokens.source.text, place) if word == "measure" else None
        if match is None:
            return None
        statement = MeasureInto(_element(match, 1), _element(match, 3), place)
    else:
        match = _GATE.match(tokens.source.text, place)
        if match is None:
            return None
        angle = match[2]
        angles = () if angle is None else (Number(float(angle), match.start(2)),)
        operands = tuple(_element(match, group) for group in (3, 5, 7) if match[group] is not None)
        statement = Call(match[1], (), angles, operands, place)
    tokens.jump(match.end())
    return statement


def _element(match: re.Match[str], group: int) -> Operand:
    return Operand(match[group], (Number(int(match[group + 1]), match.start(group + 1)),), match.start(group))
