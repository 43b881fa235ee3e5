"""A problem's statement as the text that it came as, for whoever only passes it on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json

PLACE = {"$text": 0}
PLACE_JSON = b'{"$text":0}'
"""Stands where the text belongs, until it is written."""


class StatementText(dict[str, Any]):
    """A statement as JSON. As a dict it holds nothing but a mark; `statement_of` reads what it says.

    A few megabytes of JSON are many times that as objects, and take as long to make as hundreds of small jobs.
    """

    __slots__ = ("plain", "text")

    def __init__(self, text: bytes) -> None:
        """`text` is what is written; `plain` what it says, which is the same unless another stands for it."""
        super().__init__(PLACE)
        self.text = self.plain = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StatementText) and other.text == self.text

    __hash__ = None

    def __reduce__(self) -> tuple[type[StatementText], tuple[bytes]]:
        return StatementText, (self.text,)

    def __repr__(self) -> str:
        return f"StatementText({len(self.text)} bytes)"


def statement_of(statement: Mapping[str, Any]) -> Mapping[str, Any]:
    """The statement as objects. Raises ValueError where a text is not that of a JSON object."""
    if not isinstance(statement, StatementText):
        return statement
    found = from_json(statement.plain)
    if not isinstance(found, dict):
        raise ValueError("a statement is not a JSON object")
    return found
