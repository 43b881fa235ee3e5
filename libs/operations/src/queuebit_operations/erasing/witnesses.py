"""What of a text is so much its own that finding it anywhere is finding the text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

TEXT_LENGTH_MIN = 8
WINDOW = 24
LETTERS_MIN = 6
WITNESSES_MAX = 16
PIECE_LENGTH_MAX = 200
"""Of a longer text its beginning is enough: what is read piece by piece holds it over each border."""
_SPLIT = re.compile(r'["\\\x00-\x1f\x7f]')


def witnesses_of(documents: Iterable[Any]) -> tuple[str, ...]:
    """Texts, and pieces of long lists, as they stand in JSON without spaces; each at least eight characters, none with a quote
    or the end of a line in it, so that they look the same wherever JSON is quoted. Empty where nothing is distinctive.
    """
    found: dict[str, None] = {}
    for document in documents:
        pieces = list(_pieces(document))
        for piece in pieces[:: max(1, len(pieces) // WITNESSES_MAX)][:WITNESSES_MAX]:
            found[piece] = None
    return tuple(found)


def _pieces(value: Any) -> Iterator[str]:
    match value:
        case str():
            for part in _SPLIT.split(value):
                piece = part[:PIECE_LENGTH_MAX]
                if len(piece) >= TEXT_LENGTH_MIN and len(set(piece)) >= LETTERS_MIN:
                    yield piece
        case dict():
            for each in value.values():
                yield from _pieces(each)
        case list():
            written = orjson.dumps(value).decode()
            for part in _SPLIT.split(written):
                for at in range(0, len(part) - WINDOW + 1, max(WINDOW, len(part) // WITNESSES_MAX)):
                    window = part[at : at + WINDOW]
                    if len(set(window)) >= LETTERS_MIN:
                        yield window
            for each in value:
                if isinstance(each, str | dict):
                    yield from _pieces(each)
        case _:
            return
