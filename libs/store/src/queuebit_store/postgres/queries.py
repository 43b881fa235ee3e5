"""The statements of queries.sql by name."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_BLOCK = re.compile(r"^-- name: (\w+)\n(.*?)(?=^-- name: |\Z)", re.MULTILINE | re.DOTALL)


@cache
def queries() -> dict[str, str]:
    """Name to statement; each keeps its name as a comment, so that the server's own views show it."""
    text = files("queuebit_store").joinpath("sql", "queries.sql").read_text(encoding="utf-8")
    return {name: f"-- name: {name}\n{body.strip()}" for name, body in _BLOCK.findall(text)}
