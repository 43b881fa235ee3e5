"""One text for one meaning: canonical JSON and the fingerprint over it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import orjson
from pydantic import BaseModel


def canonical_json(value: Any) -> bytes:
    """JSON with sorted keys and no spaces. Integers and floats that are equal but written differently stay different."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        # orjson stops at 64-bit integers; statements may be exact beyond that.
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(
            "utf-8", "surrogatepass"
        )


def fingerprint(value: Any) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical_json(value)).hexdigest()
