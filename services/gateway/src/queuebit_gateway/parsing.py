"""From bytes to a JSON object, bounded: size before parsing, depth after, and numbers that JSON does not have are named."""

from __future__ import annotations

import json
import math
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import orjson

from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import BODY_BYTES_MAX
from queuebit_gateway.problems import Refusal

DEPTH_MAX = 32

_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKETS = re.compile(rb"[\[\]{}]")


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


def parse_object(body: bytes) -> dict[str, Any]:
    """The body as a JSON object. Raises Refusal: malformed_json, nested_too_deep, number_not_finite or invalid_request."""
    if depth_of(body) > DEPTH_MAX:
        raise Refusal("nested_too_deep")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _explained(body, error) from None
    if not isinstance(value, dict):
        raise Refusal("invalid_request", "The body is not a JSON object.", errors=(_whole("is not an object"),))
    return value


def depth_of(body: bytes) -> int:
    """How deep brackets nest, strings aside. Linear in the size, so that hostile nesting never reaches a parser."""
    deepest = depth = 0
    for match in _BRACKETS.finditer(_STRINGS.sub(b"", body)):
        if match.group() in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        else:
            depth -= 1
    return deepest


def _explained(body: bytes, error: orjson.JSONDecodeError) -> Refusal:
    """Why strict JSON failed: a number that is not finite is a common slip and has a place; all else has a line."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return Refusal("malformed_json", f"The body is not JSON: line {error.lineno}, column {error.colno}.")
    found = tuple(
        FieldError(pointer, "number_not_finite", "is not a finite number") for pointer in _not_finite(value, "")
    )
    if found:
        return Refusal("number_not_finite", f"{found[0].pointer or 'The body'} is not a finite number.", errors=found)
    return Refusal("malformed_json", f"The body is not JSON: line {error.lineno}, column {error.colno}.")


def _not_finite(value: Any, pointer: str) -> Iterator[str]:
    """Pointers of the numbers that are NaN or infinite. Depth is bounded before."""
    if isinstance(value, float) and not math.isfinite(value):
        yield pointer
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _not_finite(item, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _not_finite(item, f"{pointer}/{index}")


def _too_large(bytes_max: int) -> Refusal:
    return Refusal("body_too_large", f"The body is larger than {bytes_max} bytes.")


def _whole(detail: str) -> FieldError:
    return FieldError("", "invalid_type", detail)
