"""What vehicle routing files say beyond TSPLIB: the depot, the demands, and how many routes may leave."""

from __future__ import annotations

import re
from collections.abc import Sequence

from queuebit_contracts.jobs import Number
from queuebit_problems.formats.text import Row, Rows, count_of
from queuebit_problems.formats.tsplib import NODES_MAX, TsplibFile
from queuebit_problems.kind import Params

KEYS = frozenset({"CAPACITY", "VEHICLES", "DISTANCE", "SERVICE_TIME"})
SECTIONS = frozenset({"DEMAND_SECTION", "DEPOT_SECTION"})
_LIMITED_NAME = re.compile(r"(?!X-)[A-Za-z]+-n[0-9]+-k([0-9]{1,6})")
"""Names state how many routes there are at the most, but for those of the set X, where it is only the least."""
_LIMITED_COMMENT = re.compile(r"at most ([0-9]{1,4}) vehicles?")


def check_demands(rows: Rows, lines: Sequence[Row], demands: Sequence[Number], capacity: Number) -> None:
    if demands[0]:
        raise rows.error(lines[0], "the depot, node 1, should have the demand 0")
    for row, demand in zip(lines, demands, strict=True):
        if demand > capacity:
            raise rows.error(row, f"the demand {demand} is more than the capacity {capacity}: no route can serve it")


def check_lengths(file: TsplibFile) -> None:
    """Refuse a limit on the length of routes. Without one, the time that each service takes limits nothing."""
    if "DISTANCE" in file.header and file.number("DISTANCE", 0):
        detail = "DISTANCE limits the length of routes, which this kind does not know; remove it if it limits none"
        raise file.rows.error(file.header["DISTANCE"][1], detail)
    if "SERVICE_TIME" in file.header:
        file.number("SERVICE_TIME", 0)


def check_depot(file: TsplibFile, nodes: int) -> None:
    """Refuse a depot that is not node 1: answers number the customers from 2."""
    head, rows = file.section("DEPOT_SECTION")
    tokens = [token for row in rows for token in row.tokens]
    node = count_of(tokens[0]) if tokens and tokens[1:] in ([], ["-1"]) else None
    if node == 1:
        return
    if node is None or not 1 <= node <= nodes:
        raise file.rows.error(head, "the depot should be node 1 alone, followed by -1")
    detail = f"the depot should be node 1 alone, but DEPOT_SECTION names node {node}"
    raise file.rows.error(head, f"{detail}; exchange the nodes 1 and {node} in every section")


def vehicles_of(file: TsplibFile, params: Params | None) -> int | None:
    """The limit on routes: the param, else what the comment of a derived file, a line VEHICLES or the name of the set says."""
    wanted = (params or {}).get("vehicles")
    if wanted is not None:
        if type(wanted) is not int or not 1 <= wanted <= NODES_MAX:
            raise file.rows.error(None, f"the param vehicles should be a whole number from 1 to {NODES_MAX}")
        return wanted
    comment = _LIMITED_COMMENT.search(file.text("COMMENT"))
    if comment is not None:
        return int(comment[1])
    if "VEHICLES" in file.header:
        return file.integer("VEHICLES", "VEHICLES", 1, NODES_MAX)
    name = _LIMITED_NAME.fullmatch(file.text("NAME"))
    return None if name is None else int(name[1])
