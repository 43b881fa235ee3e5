"""The layout of TSPLIB and VRPLIB files: `KEY : value` lines and sections, and what they say of the way between nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

from queuebit_contracts.jobs import STATEMENT_BYTES_MAX, Number
from queuebit_problems.roads import METRICS, NODES_MAX
from queuebit_problems.text import Row, Rows

_TRIANGLES: dict[str, tuple[bool, bool]] = {
    "UPPER_ROW": (True, False),
    "LOWER_COL": (True, False),
    "UPPER_DIAG_ROW": (True, True),
    "LOWER_DIAG_COL": (True, True),
    "LOWER_ROW": (False, False),
    "UPPER_COL": (False, False),
    "LOWER_DIAG_ROW": (False, True),
    "UPPER_DIAG_COL": (False, True),
}
"""Each triangle as rows: (whether of the upper half, with the diagonal). Columns of one half are rows of the other."""
_DECISIVE = {"TYPE", "DIMENSION", "CAPACITY", "VEHICLES", "EDGE_WEIGHT_TYPE", "EDGE_WEIGHT_FORMAT"}
"""What may stand twice only if it says the same."""
_UNKNOWN_SECTIONS = {
    "FIXED_EDGES_SECTION": "fixes edges of the tour",
    "BACKHAUL_SECTION": "states customers to collect from",
    "TIME_WINDOW_SECTION": "states when each node may be visited",
    "PICKUP_AND_DELIVERY_SECTION": "states pairs of nodes in order",
}
"""What asks for more than distances, and so cannot be passed over."""


class TsplibFile:
    """A file read as a whole: the header lines and the rows of each section, all with their lines."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.header: dict[str, tuple[str, Row]] = {}
        self.sections: dict[str, tuple[Row, list[Row]]] = {}
        self._read()

    def _read(self) -> None:
        section: list[Row] | None = None
        rows_max = 0
        for row in self.rows:
            first = row.tokens[0]
            if first.upper() == "EOF":
                return
            if not first[0].isalpha():
                if section is None:
                    raise self.rows.error(row, "numbers should stand in a section")
                if len(section) > rows_max:
                    raise self.rows.error(row, f"a section should have no more than {rows_max} lines")
                section.append(row)
                continue
            key, colon, value = " ".join(row.tokens).partition(":")
            key = key.strip().upper()
            if key.endswith("_SECTION"):
                if key in self.sections:
                    raise self.rows.error(row, f"{key} stands twice")
                if key in _UNKNOWN_SECTIONS:
                    raise self.rows.error(row, f"{key} {_UNKNOWN_SECTIONS[key]}, which this kind does not know")
                if "DIMENSION" in self.header:
                    self.integer("DIMENSION", "DIMENSION", 2, NODES_MAX)
                section, rows_max = [], NODES_MAX if key != "EDGE_WEIGHT_SECTION" else NODES_MAX**2
                self.sections[key] = row, section
            elif colon:
                before = self.header.setdefault(key, (value.strip(), row))
                if key in _DECISIVE and before[0] != value.strip():
                    raise self.rows.error(row, f"{key} is {before[0][:40]!r} already in line {before[1].line}")
                section = None
            else:
                raise self.rows.error(row, "a line should be `KEY : value`, the name of a section, or numbers")

    def text(self, key: str, default: str = "") -> str:
        """The value of a header line."""
        return self.header[key][0] if key in self.header else default

    def integer(self, key: str, what: str, minimum: int, maximum: int) -> int:
        """The whole number of a header line that must be there."""
        value, row = self._line(key)
        return self.rows.integer(row, value, what, minimum, maximum)

    def number(self, key: str, minimum: Number) -> Number:
        """The number of a header line that must be there."""
        value, row = self._line(key)
        return self.rows.number(row, value, key, minimum)

    def one_of(self, key: str, known: Sequence[str]) -> str:
        """The word of a header line that must be there, and known."""
        value, row = self._line(key)
        if value not in known:
            raise self.rows.error(row, f"{key} should be one of {', '.join(known)}, not {value[:40]!r}")
        return value

    def _line(self, key: str) -> tuple[str, Row]:
        if key not in self.header:
            raise self.rows.error(None, f"the line `{key} : …` is missing; the file may be cut off")
        return self.header[key]

    def check_type(self, kinds: Sequence[str]) -> None:
        """Refuse a file of another type."""
        value, row = self.header.get("TYPE", (kinds[0], None))
        if not value or value.split()[0] not in kinds:
            raise self.rows.error(row, f"TYPE should be {' or '.join(kinds)}, not {value[:40]!r}")

    def section(self, name: str) -> tuple[Row, list[Row]]:
        """The line and the rows of a section that must be there."""
        if name not in self.sections:
            raise self.rows.error(None, f"the section {name} is missing; the file may be cut off")
        return self.sections[name]

    def by_node(self, name: str, nodes: int, columns: int, what: str) -> list[tuple[Row, list[str]]]:
        """The rows `node value …` of a section, one for each node, in the order of the nodes."""
        head, rows = self.section(name)
        found: dict[int, tuple[Row, list[str]]] = {}
        for row in rows:
            tokens = self.rows.columns(row, (columns + 1,), what)
            node = self.rows.integer(row, tokens[0], "a node", 1, nodes)
            if node in found:
                raise self.rows.error(row, f"node {node} stands already in line {found[node][0].line}")
            found[node] = row, tokens[1:]
        if len(found) < nodes:
            missing = next(node for node in range(1, nodes + 1) if node not in found)
            raise self.rows.error(head, f"{name} has {len(found)} of {nodes} nodes; node {missing} is missing")
        return [found[node] for node in range(1, nodes + 1)]


def type_of(text: str) -> str | None:
    """What the line TYPE says, as far as a glance can tell."""
    head = (line.replace(":", " ").split() for line in text[:4000].splitlines())
    return next((line[1] for line in head if len(line) > 1 and line[0].upper() == "TYPE"), None)


def read_roads(file: TsplibFile, *, nodes_min: int = 2) -> dict[str, Any]:
    """The fields of a RoadStatement that the file states."""
    nodes = file.integer("DIMENSION", "DIMENSION", nodes_min, NODES_MAX)
    value = file.one_of("EDGE_WEIGHT_TYPE", METRICS)
    if value == "EXPLICIT":
        return {"metric": value, "distances": _matrix(file, nodes)}
    placed = file.by_node("NODE_COORD_SECTION", nodes, 2, "a node")
    numbers = ([file.rows.number(row, token, "a coordinate") for token in tokens] for row, tokens in placed)
    return {"metric": value, "coordinates": tuple((x, y) for x, y in numbers)}


def _matrix(file: TsplibFile, nodes: int) -> tuple[tuple[Number, ...], ...]:
    form = file.one_of("EDGE_WEIGHT_FORMAT", ("FULL_MATRIX", *_TRIANGLES))
    head, rows = file.section("EDGE_WEIGHT_SECTION")
    if 2 * nodes * nodes > STATEMENT_BYTES_MAX:
        detail = f"a matrix of {nodes} nodes has more than the {STATEMENT_BYTES_MAX} bytes that a statement may have"
        raise file.rows.error(head, f"{detail}; state coordinates, or fewer nodes")
    upper, diagonal = _TRIANGLES.get(form, (True, True))
    triangle = nodes * (nodes + 1) // 2 if diagonal else nodes * (nodes - 1) // 2
    wanted = nodes * nodes if form == "FULL_MATRIX" else triangle
    count = sum(len(row.tokens) for row in rows)
    if count != wanted:
        raise file.rows.error(head, f"{form} of {nodes} nodes has {wanted} distances, but {count} follow")
    numbers = chain.from_iterable(_numbers(file, row) for row in rows)
    if form == "FULL_MATRIX":
        return tuple(tuple(next(numbers) for _ in range(nodes)) for _ in range(nodes))
    return _from_triangle(lambda: next(numbers), nodes, upper, diagonal)


def _numbers(file: TsplibFile, row: Row) -> Iterator[Number]:
    return (file.rows.number(row, token, "a distance", 0) for token in row.tokens)


def _from_triangle(
    take: Callable[[], Number], nodes: int, upper: bool, diagonal: bool
) -> tuple[tuple[Number, ...], ...]:
    matrix: list[list[Number]] = [[0] * nodes for _ in range(nodes)]
    gap = 0 if diagonal else 1
    for i in range(nodes):
        for j in range(i + gap, nodes) if upper else range(i + 1 - gap):
            matrix[i][j] = matrix[j][i] = take()
    return tuple(map(tuple, matrix))
