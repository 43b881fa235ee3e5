"""The layout of TSPLIB and VRPLIB files: `KEY : value` lines and sections, and what they say of the way between nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any, Literal, get_args

from queuebit_contracts.jobs import STATEMENT_BYTES_MAX, Number
from queuebit_problems.formats.text import Row, Rows

NODES_MAX = 2_000
Metric = Literal["EXPLICIT", "EUC_2D", "CEIL_2D", "FLOOR_2D", "EXACT_2D", "MAN_2D", "MAX_2D", "GEO", "ATT"]
METRICS: tuple[str, ...] = get_args(Metric)
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
_DECISIVE = frozenset({"TYPE", "DIMENSION", "EDGE_WEIGHT_TYPE", "EDGE_WEIGHT_FORMAT"})
"""What every file may state; like what a kind adds, it may stand twice only if it says the same."""
_FREE = frozenset({"NAME", "COMMENT"})
"""What may be followed by any words, with or without a colon."""
_HARMLESS = _FREE | {
    "AUTHOR",
    "AUTHORS",
    "BEST_KNOWN",
    "BEST_KNOWN_COST",
    "BEST_KNOWN_SOLUTION",
    "BEST_KNOWN_VALUE",
    "BKS",
    "CONTRIBUTOR",
    "DATE",
    "DISPLAY_DATA_TYPE",
    "EDGE_DATA_FORMAT",
    "LICENCE",
    "LICENSE",
    "NODE_COORD_TYPE",
    "OPTIMAL",
    "OPTIMAL_COST",
    "OPTIMAL_VALUE",
    "OPTIMUM",
    "REFERENCE",
    "SOURCE",
    "URL",
    "VERSION",
}
"""What tells of a file, or how to draw it, and never changes the problem."""
_SECTIONS = frozenset({"NODE_COORD_SECTION", "EDGE_WEIGHT_SECTION", "DISPLAY_DATA_SECTION"})
_MEANINGS = {
    "FIXED_EDGES_SECTION": "fixes edges of the tour",
    "BACKHAUL_SECTION": "states customers to collect from",
    "TIME_WINDOW_SECTION": "states when each node may be visited",
    "PICKUP_AND_DELIVERY_SECTION": "states pairs of nodes in order",
}
"""What some lines ask for beyond distances; any other line that is not known may ask for as much."""


class TsplibFile:
    """A file read as a whole: the header lines and the rows of each section, all with their lines.

    `keys` and `sections` are what files of these types state beyond distances. A line that is not known is refused: it may
    change the problem.
    """

    def __init__(
        self,
        rows: Rows,
        *,
        types: Sequence[str],
        keys: frozenset[str] = frozenset(),
        sections: frozenset[str] = frozenset(),
    ) -> None:
        self.rows = rows
        self._types = types
        self._decisive = _DECISIVE | keys
        self._keys = self._decisive | _HARMLESS
        self._sections = _SECTIONS | sections
        self.header: dict[str, tuple[str, Row]] = {}
        self.sections: dict[str, tuple[Row, list[Row]]] = {}
        self._read()
        self._check_type()

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
            key, value = self._stated(row)
            if key.endswith("_SECTION"):
                if key in self.sections:
                    raise self.rows.error(row, f"{key} stands twice")
                if value:
                    raise self.rows.error(row, f"nothing should follow {key} in its line")
                if "DIMENSION" in self.header:
                    self.integer("DIMENSION", "DIMENSION", 2, NODES_MAX)
                section, rows_max = [], NODES_MAX if key != "EDGE_WEIGHT_SECTION" else NODES_MAX**2
                self.sections[key] = row, section
            else:
                before = self.header.setdefault(key, (value, row))
                if key in self._decisive and before[0].upper() != value.upper():
                    raise self.rows.error(row, f"{key} is {before[0][:40]!r} already in line {before[1].line}")
                section = None

    def _stated(self, row: Row) -> tuple[str, str]:
        """The known key of a line, or name of a section, and the value. A space may stand for the colon."""
        line = " ".join(row.tokens)
        key, colon, value = line.partition(":")
        key = key.strip().upper()
        first, _, rest = line.partition(" ")
        if key in self._keys or key in self._sections:
            return key, value.strip()
        if first.upper() in (_FREE if colon else self._keys):
            return first.upper(), rest
        if not colon and not key.endswith("_SECTION"):
            shown = f"a line should be `KEY : value`, the name of a section, or numbers, not {line[:40]!r}"
            raise self.rows.error(row, shown)
        self._check_type()
        meaning = (
            f"{_MEANINGS[key]}, which this kind does not know" if key in _MEANINGS else "is not known to this kind"
        )
        raise self.rows.error(row, f"{key[:40]} {meaning}; remove it if it does not limit the problem")

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
        if value.upper() not in known:
            raise self.rows.error(row, f"{key} should be one of {', '.join(known)}, not {value[:40]!r}")
        return value.upper()

    def _line(self, key: str) -> tuple[str, Row]:
        if key not in self.header:
            raise self.rows.error(None, f"the line `{key} : …` is missing; the file may be cut off")
        return self.header[key]

    def _check_type(self) -> None:
        """Refuse a file of another type."""
        value, row = self.header.get("TYPE", (self._types[0], None))
        if not value or value.split()[0].upper() not in self._types:
            raise self.rows.error(row, f"TYPE should be {' or '.join(self._types)}, not {value[:40]!r}")

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
    """What the line TYPE says, in capitals, as far as a glance can tell."""
    head = (line.replace(":", " ").split() for line in text[:4000].splitlines())
    return next((line[1].upper() for line in head if len(line) > 1 and line[0].upper() == "TYPE"), None)


def read_roads(file: TsplibFile, *, nodes_min: int = 2) -> dict[str, Any]:
    """The fields of a RoadStatement that the file states."""
    nodes = file.integer("DIMENSION", "DIMENSION", nodes_min, NODES_MAX)
    value = file.one_of("EDGE_WEIGHT_TYPE", METRICS)
    if value == "EXPLICIT":
        return {"metric": value, "distances": _matrix(file, nodes)}
    if "EDGE_WEIGHT_SECTION" in file.sections:
        detail = (
            f"EDGE_WEIGHT_SECTION contradicts EDGE_WEIGHT_TYPE, which takes the distances from coordinates: {value}"
        )
        raise file.rows.error(file.sections["EDGE_WEIGHT_SECTION"][0], f"{detail}; remove it, or state EXPLICIT")
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
