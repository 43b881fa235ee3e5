"""The statements of every room by name.

Each is a walk along an index; the session forbids other plans (see `settings.py`).
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_PARAMETER = re.compile(r"\$(\d+)")
_BLOCK = re.compile(r"^-- name: (\w+)\n(.*?)(?=^-- name: |\Z)", re.MULTILINE | re.DOTALL)


ROOMS = (
    "log",
    "heads",
    "idempotency",
    "directory",
    "leadership",
    "diagnosis",
    "connections",
    "submissions",
    "attempts",
    "gates",
    "evidence",
    "backends",
    "budgets",
    "partitions",
    "projections",
    "webhooks",
    "keys",
    "audit",
)
"""Each has its statements in a file of its own, beside the adapter that asks them."""


@cache
def queries() -> dict[str, str]:
    """Name to statement."""
    found = (files("queuebit_store").joinpath(room, "statements.sql").read_text(encoding="utf-8") for room in ROOMS)
    return named("\n".join(found))


@cache
def charged_append() -> str:
    """The append of the log with what the ledger of budgets adds to it, each part in the place that is left for it."""
    statement = queries()["append"]
    for part, place in (
        ("charged", "WITH /* charged */"),
        ("affordable", "/* affordable */"),
        ("booked", "/* booked */"),
    ):
        lines = queries()[part].splitlines()
        statement = statement.replace(place, "\n".join(line for line in lines if not line.startswith("-- ")), 1)
    return statement


_LOCKED = """SELECT told.* FROM (
    SELECT CASE WHEN set_config('queuebit.tenant', ${nth}::text, true) IS NULL THEN 1 ELSE 0 END AS zero OFFSET 0
) AS locked CROSS JOIN LATERAL (SELECT * FROM (
{statement}
) AS said OFFSET locked.zero) AS told"""
"""The statement can only run after the tenant is set: it hangs on what comes of that. The setting ends with the statement."""


def locked(statement: str) -> str:
    """The statement for the rows of one tenant alone, whatever it asks: the tenant is its last parameter. Whoever reads as the
    user of readers sees no row otherwise.
    """
    nth = max(map(int, _PARAMETER.findall(statement)), default=0) + 1
    return _LOCKED.format(nth=nth, statement=statement.rstrip().rstrip(";"))


@cache
def locked_query(name: str) -> str:
    """The statement of this name, locked."""
    return locked(queries()[name])


def named(text: str) -> dict[str, str]:
    """The blocks of a text by name; each keeps its name as a comment, so that the server's own views show it."""
    return {name: f"-- name: {name}\n{body.strip()}" for name, body in _BLOCK.findall(text)}
