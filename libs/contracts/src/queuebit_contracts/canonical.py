"""One text for one meaning: canonical JSON and the fingerprint over it."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

import orjson
from pydantic import BaseModel

_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z


def canonical_json(value: Any) -> bytes:
    """JSON with sorted keys and no spaces. Integers and floats that are equal but written differently stay different.

    Raises TypeError for what is no JSON, or holds an integer beyond every float, on which other readers of JSON fail.
    """
    try:
        return orjson.dumps(value, default=_fields, option=_OPTIONS)
    except TypeError:
        # orjson stops at 64-bit integers; statements may be exact beyond that.
        plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
        text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        json.loads(text, parse_int=_finite)
        return text.encode("utf-8", "surrogatepass")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise TypeError("an integer is beyond every float")
    return number


def _fields(value: Any) -> Any:
    """The fields of a model as they are: the same text as that of its dump, without the copy."""
    if isinstance(value, BaseModel):
        return value.__dict__
    raise TypeError


def fingerprint(value: Any) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical_json(value)).hexdigest()
