"""How the server answers what services ask: the shape of the plan, and how many rows and pages it touches."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from queuebit_store.connections.queries import queries
from queuebit_store.connections.settings import QUERY, PostgresSettings, connect_arguments

TENANT = "acme"


@dataclass(frozen=True, slots=True)
class Walk:
    """One statement: its plan as nested names, and what it touches."""

    shape: str
    rows: int
    pages: int


async def walks(settings: PostgresSettings, ids: Sequence[UUID], moment: datetime) -> dict[str, Walk]:
    """Each kind of question, as a service's session plans and asks it. Of more than one value the dearest counts."""
    listed = (TENANT, None, None, ["job", "refusal"])
    questions: dict[str, list[tuple[Any, ...]]] = {
        "load": [([each],) for each in ids],
        "list_tenant": [(*listed, [], "{}", None, None, 20)],
        "list_states": [(*listed, ["queued", "failed"], "{}", None, None, 20)],
        "due": [(moment, "job", 100)],
    }
    connection = await asyncpg.connect(**connect_arguments(settings, role=QUERY))
    try:
        found = {}
        for name, values in questions.items():
            plans = [await _explained(connection, queries()[name], each) for each in values]
            found[name] = max(plans, key=lambda walk: (walk.rows, walk.pages))
        return found
    finally:
        await connection.close()


async def _explained(connection: asyncpg.Connection[asyncpg.Record], statement: str, values: Sequence[Any]) -> Walk:
    given = ", ".join(map(_literal, values))
    await connection.execute(f"PREPARE walk AS {statement}")
    text = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE walk ({given})")
    await connection.execute("DEALLOCATE walk")
    plan = json.loads(text)[0]["Plan"]
    nodes = list(_nodes(plan))
    rows = sum(
        (each["Actual Rows"] + _removed(each)) * each["Actual Loops"] for each in nodes if "Relation Name" in each
    )
    return Walk(_shape(plan), round(rows), plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def _literal(value: Any) -> str:
    if value is None or isinstance(value, int):
        return "NULL" if value is None else str(value)
    return f"'{{{', '.join(map(str, value))}}}'" if isinstance(value, list) else f"'{value}'"


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def _removed(node: dict[str, Any]) -> float:
    return float(sum(count for name, count in node.items() if name.startswith("Rows Removed by")))


def _shape(plan: dict[str, Any]) -> str:
    """The kinds of its nodes and the indexes of heads; of partitions one for all."""
    below = list(dict.fromkeys(_shape(each) for each in plan.get("Plans", ())))
    index = plan.get("Index Name", "")
    name = f"{plan['Node Type']} {index}" if index.startswith("stream") else str(plan["Node Type"])
    return f"{name}({', '.join(below)})" if below else name
