"""One text for one meaning: canonical JSON and the fingerprint over it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import orjson
from pydantic import BaseModel

_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z


def canonical_json(value: Any) -> bytes:
    """JSON with sorted keys and no spaces. Integers and floats that are equal but written differently stay different."""
    try:
        return orjson.dumps(value, default=_fields, option=_OPTIONS)
    except TypeError:
        # orjson stops at 64-bit integers; statements may be exact beyond that.
        plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
        return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(
            "utf-8", "surrogatepass"
        )


def _fields(value: Any) -> Any:
    """The fields of a model as they are: the same text as that of its dump, without the copy."""
    if isinstance(value, BaseModel):
        return value.__dict__
    raise TypeError


def fingerprint(value: Any) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical_json(value)).hexdigest()
