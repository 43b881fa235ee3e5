"""Routing with time windows as Solomon, and Gehring and Homberger, write it: VEHICLE, then CUSTOMER, a line a node."""

from __future__ import annotations

from typing import Any

from queuebit_problems.formats.text import Row, Rows
from queuebit_problems.kind import Params

SOLOMON = (
    "Solomon, Gehring and Homberger: a name, VEHICLE with number and capacity, CUSTOMER with a line a node: number, x, y, "
    "demand, ready time, due date, service time; node 0 is the depot"
)
NODES_MAX = 1_001
_COLUMNS = ("x", "y", "a demand", "a ready time", "a due date", "a service time")


def is_solomon(text: str) -> bool:
    """Whether VEHICLE and CUSTOMER head its blocks."""
    heads = [line.strip().upper() for line in text[:2_000].splitlines()]
    return "VEHICLE" in heads and "CUSTOMER" in heads


def read_solomon(text: str, file_name: str, params: Params | None) -> dict[str, Any]:
    """The statement of a file. Raises UnreadableFile with the line."""
    rows = Rows(text, file_name=file_name, remedy=f"Vrptw reads {SOLOMON}.")
    _until(rows, "VEHICLE")
    rows.take("`NUMBER CAPACITY`")
    head = rows.take("the number of vehicles and the capacity")
    stated = rows.columns(head, (2,), "the vehicles")
    vehicles = rows.integer(head, stated[0], "the number of vehicles", 1, 10**6)
    capacity = rows.number(head, stated[1], "the capacity", 0)
    _until(rows, "CUSTOMER")
    nodes = list(_nodes(rows))
    if len(nodes) < 2:
        raise rows.error(None, "the file ends at once after CUSTOMER, where a depot and customers should follow")
    params = params or {}
    wanted = params.get("vehicles", min(vehicles, NODES_MAX))
    return {
        "coordinates": [node[:2] for node in nodes],
        "rounding": params.get("rounding", "tenths"),
        "capacity": capacity,
        "demands": [node[2] for node in nodes],
        "windows": [node[3:5] for node in nodes],
        "service": [node[5] for node in nodes],
        "vehicles": wanted,
    }


def _until(rows: Rows, word: str) -> Row:
    while True:
        row = rows.take(f"the block {word}")
        if row.tokens[0].upper() == word:
            return row


def _nodes(rows: Rows) -> list[list[float]]:
    found: list[list[float]] = []
    for row in rows:
        if not found and row.tokens[0].upper().startswith("CUST"):
            continue
        tokens = rows.columns(row, (7,), "a node")
        rows.integer(row, tokens[0], "the number of the node", len(found), len(found))
        if len(found) == NODES_MAX:
            raise rows.error(row, f"there should be at most {NODES_MAX} nodes")
        least = [-(10**9), -(10**9), 0, 0, 0, 0]
        numbers = zip(tokens[1:], _COLUMNS, least, strict=True)
        found.append([rows.number(row, token, what, low, 10**9) for token, what, low in numbers])
    return found
