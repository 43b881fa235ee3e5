"""From bytes to a JSON object, bounded: size before parsing, depth after. Integers stay what they are, and numbers that cannot
be taken are named: those that JSON does not have, those with too many digits, and those beyond 64 bits.

No text is looked at before a parser has read it: the parsers are linear and have bounds of their own on nesting. What is done
afterwards, also to say what is wrong, is linear too.
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson
from pydantic_core import from_json

from queuebit_contracts.errors import FIELD_LENGTH_MAX, FieldError, shortened
from queuebit_contracts.jobs import BODY_BYTES_MAX, INTEGER_MAX, INTEGER_MIN
from queuebit_gateway.problem_details import ERRORS_MAX, Refusal

DEPTH_MAX = 32
DIGITS_MAX = sys.float_info.max_10_exp
"""Of an integer: 308, so that each has a float near it."""
STATEMENT = "/problem/statement"

_ZEROS = bytes.maketrans(b"123456789", b"0" * 9)
_LONG = b"0" * len(str(INTEGER_MAX))
"""Shorter integers are within 64 bits."""

_Place = tuple["_Place", str | int] | None
"""Where an item stands: in whose place, under which name; None for the whole. Written out only for what is named."""


async def read_body(chunks: AsyncIterator[bytes], declared: str | None, *, bytes_max: int = BODY_BYTES_MAX) -> bytes:
    """The body, refused as soon as it is known to be larger than `bytes_max`."""
    if declared is not None and declared.isdigit() and int(declared) > bytes_max:
        raise _too_large(bytes_max)
    parts: list[bytes] = []
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > bytes_max:
            raise _too_large(bytes_max)
        parts.append(chunk)
    return b"".join(parts)


@dataclass(frozen=True, slots=True)
class _TooLong:
    """Stands for an integer with more digits than are read."""

    digits: int


def parse_object(body: bytes) -> dict[str, Any]:
    """The body as a JSON object. Raises Refusal: malformed_json, nested_too_deep, number_not_finite or invalid_request.

    A name that stands twice in one object is refused: programs differ in which of the two they take.
    Integers beyond 64 bits are refused, except in the statement of a problem: there they stay exact, and its kind decides.
    """
    value = _object(body, DEPTH_MAX)
    return _exact(body) if _LONG in body.translate(_ZEROS) else value


def parse_exact(body: bytes, *, deeper: int) -> dict[str, Any]:
    """As `parse_object`, for what is only taken apart and read again: it may nest so many levels deeper, and integers of any
    size stay exact wherever they stand.
    """
    value = _object(body, DEPTH_MAX + deeper)
    return dict(from_json(body, allow_inf_nan=False)) if _LONG in body.translate(_ZEROS) else value


def _object(body: bytes, depth_max: int) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _explained(body, error) from None
    if is_deeper(value, depth_max):
        raise Refusal("nested_too_deep")
    if not isinstance(value, dict):
        raise Refusal("invalid_request", "The body is not a JSON object.", errors=(_whole("is not an object"),))
    _refuse_names_that_stand_twice(body, value)
    return value


def is_deeper(value: Any, levels: int) -> bool:
    """Whether objects and arrays nest deeper than so many levels."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(levels):
        level = [
            item
            for each in level
            for item in (each.values() if isinstance(each, dict) else each)
            if isinstance(item, dict | list)
        ]
        if not level:
            return False
    return bool(level)


def _refuse_names_that_stand_twice(body: bytes, value: dict[str, Any]) -> None:
    """Each name is followed by a colon, and no other colon stands outside a string: where the body has as many as the value
    has when it is written again, no name was lost. Else, and where a colon may be written otherwise, it is read name by name.
    """
    if body.count(b":") == orjson.dumps(value).count(b":") and b"\\u003" not in body:
        return
    json.loads(body, parse_int=_integer, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counted = Counter(name for name, _ in pairs)
        twice = shortened(next(name for name, count in counted.items() if count > 1), FIELD_LENGTH_MAX)
        raise Refusal(
            "malformed_json", f"{twice!r} stands twice in one object.", remedy="State each name once in an object."
        )
    return found


def _explained(body: bytes, error: orjson.JSONDecodeError) -> Refusal:
    """Why strict JSON failed: a number that is not finite is a common slip and has a place; all else has a line."""
    try:
        value = json.loads(body, parse_int=_integer)
    except RecursionError:
        return Refusal("nested_too_deep")
    except ValueError:
        return _malformed(error)
    if is_deeper(value, DEPTH_MAX):
        return Refusal("nested_too_deep")
    long = _fields(
        "too_many_digits",
        ((pointer, f"has {item.digits} digits; an integer may have {DIGITS_MAX}")
         for pointer, item in _found(value, lambda item: isinstance(item, _TooLong))),
    )  # fmt: skip
    if long:
        return Refusal("invalid_request", f"{long[0]}.", remedy="Send a number with fewer digits.", errors=long)
    found = _fields(
        "number_not_finite", ((pointer, "is not a finite number") for pointer, _ in _found(value, _is_not_finite))
    )
    if found:
        return Refusal("number_not_finite", f"{found[0].pointer or 'The body'} is not a finite number.", errors=found)
    return _malformed(error)


def _malformed(error: orjson.JSONDecodeError) -> Refusal:
    return Refusal("malformed_json", f"The body is not JSON: line {error.lineno}, column {error.colno}.")


def _exact(body: bytes) -> dict[str, Any]:
    """The body, known to be a JSON object, with every integer as it is stated: orjson reads those beyond 64 bits as floats."""
    value: dict[str, Any] = from_json(body, allow_inf_nan=False)
    wide = _fields(
        "integer_range",
        ((pointer, "is an integer beyond 64 bits") for pointer, _ in _found(value, _is_wide, statement=False)),
    )
    if wide:
        remedy = f"Send an integer from {INTEGER_MIN} to {INTEGER_MAX}."
        raise Refusal("invalid_request", f"{wide[0]}.", remedy=remedy, errors=wide)
    return value


def _integer(text: str) -> int | _TooLong:
    digits = len(text) - text.startswith("-")
    return int(text) if digits <= DIGITS_MAX else _TooLong(digits)


def _is_not_finite(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def _is_wide(value: Any) -> bool:
    return isinstance(value, int) and not INTEGER_MIN <= value <= INTEGER_MAX


def _found(value: Any, wanted: Callable[[Any], bool], *, statement: bool = True) -> Iterator[tuple[str, Any]]:
    """Pointers and values of the items that are `wanted`, in order; with `statement` False, not in that of the problem."""
    waiting: list[tuple[_Place, Any]] = [(None, value)]
    while waiting:
        place, item = waiting.pop()
        if isinstance(item, dict | list):
            if not statement and place is not None and place[1] == "statement" and _pointer(place) == STATEMENT:
                continue
            named = list(item.items()) if isinstance(item, dict) else list(enumerate(item))
            waiting.extend(((place, name), each) for name, each in reversed(named))
        elif wanted(item):
            yield _pointer(place), item


def _pointer(place: _Place) -> str:
    names: list[str] = []
    while place is not None:
        place, name = place
        names.append(str(name).replace("~", "~0").replace("/", "~1"))
    return "".join(f"/{name}" for name in reversed(names))


def _fields(code: str, found: Iterable[tuple[str, str]]) -> tuple[FieldError, ...]:
    """The first of what was found, as many and as long as are shown."""
    return tuple(
        FieldError(shortened(pointer, FIELD_LENGTH_MAX), code, detail) for pointer, detail in islice(found, ERRORS_MAX)
    )


def _too_large(bytes_max: int) -> Refusal:
    return Refusal("body_too_large", f"The body is larger than {bytes_max} bytes.")


def _whole(detail: str) -> FieldError:
    return FieldError("", "invalid_type", detail)
