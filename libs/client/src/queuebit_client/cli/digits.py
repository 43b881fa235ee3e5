"""Integers with more digits than are read: where they stand in a file."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from queuebit_client.errors import WrongField

DIGITS_MAX = sys.float_info.max_10_exp
"""Of an integer: 308, so that each has a float near it, as at the server."""
SHOWN_MAX = 20
POINTER_LENGTH_MAX = 200


@dataclass(frozen=True, slots=True)
class _TooLong:
    digits: int


def long_integers(text: str) -> tuple[WrongField, ...]:
    """The integers of a JSON text with more than DIGITS_MAX digits, the first ones; none where it is not JSON otherwise."""
    try:
        document = json.loads(text.lstrip("\ufeff"), parse_int=_integer)
    except (ValueError, RecursionError):
        return ()
    return tuple(islice(_found(document, ""), SHOWN_MAX))


def _integer(text: str) -> int | _TooLong:
    digits = len(text) - text.startswith("-")
    return int(text) if digits <= DIGITS_MAX else _TooLong(digits)


def _found(value: Any, pointer: str) -> Iterator[WrongField]:
    if isinstance(value, _TooLong):
        detail = f"has {value.digits} digits; an integer may have {DIGITS_MAX}"
        yield WrongField(pointer[:POINTER_LENGTH_MAX], "too_many_digits", detail)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _found(item, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _found(item, f"{pointer}/{index}")
