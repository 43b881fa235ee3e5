"""One text for one meaning: canonical JSON and the fingerprint over it."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any
from uuid import UUID

import orjson
from pydantic import BaseModel

from queuebit_contracts.statement_text import StatementText, statement_of

_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z | orjson.OPT_PASSTHROUGH_SUBCLASS


def canonical_json(value: Any) -> bytes:
    """JSON with sorted keys and no spaces. Integers and floats that are equal but written differently stay different.

    Raises TypeError for what is no JSON, or holds an integer beyond every float, on which other readers of JSON fail.
    """
    try:
        return orjson.dumps(value, default=_fields, option=_OPTIONS)
    except TypeError:
        # orjson stops at 64-bit integers; statements may be exact beyond that.
        text = json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        json.loads(text, parse_int=_finite)
        return text.encode("utf-8", "surrogatepass")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise TypeError("an integer is beyond every float")
    return number


def _plain(value: Any) -> Any:
    """The value with its models dumped and its statements read."""
    if isinstance(value, StatementText):
        return statement_of(value)
    if not isinstance(value, BaseModel):
        return value
    plain = value.model_dump(mode="json")
    nested = {name: item for name, item in value.__dict__.items() if isinstance(item, BaseModel | StatementText)}
    return plain | {name: _plain(item) for name, item in nested.items()}


def _fields(value: Any) -> Any:
    """The fields of a model as they are: the same text as that of its dump, without the copy. A statement as text is read."""
    if isinstance(value, BaseModel):
        return value.__dict__
    if isinstance(value, StatementText):
        return statement_of(value)
    if isinstance(value, UUID):
        # Of a class of its own, as a driver of a database makes them.
        return str(value)
    raise TypeError


def embedded(text: bytes) -> Any:
    """Canonical JSON to stand in a larger value as it is, so that it is written once."""
    return orjson.Fragment(text)


def fingerprint(value: Any) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical_json(value)).hexdigest()
