"""Graphs as GraphML, the XML that networkx, igraph, Gephi and yEd write: nodes by their ids, edges with the datum `weight`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from xml.parsers import expat

from queuebit_contracts.jobs import Number
from queuebit_problems.formats.text import Row, Rows

GRAPHML = "GraphML of an undirected graph, with the weight of each edge in the datum `weight`, else 1"
GLANCE_LENGTH = 10_000


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge between nodes from 0, its weight as the file writes it, and where it stands."""

    u: int
    v: int
    weight: Number
    row: Row


def is_graphml(text: str) -> bool:
    """Whether the text begins as GraphML."""
    return text.lstrip().startswith("<") and "<graphml" in text[:GLANCE_LENGTH]


def read_graphml(text: str, rows: Rows, *, nodes_max: int, edges_max: int) -> tuple[int, list[Edge]]:
    """(nodes, edges). Nodes named 0 to n - 1, n0 to n(n - 1) or 1 to n have these numbers, others that of the order in
    which they stand. Raises UnreadableFile with the line.
    """
    reading = _Reading(rows, nodes_max, edges_max)
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    parser.buffer_text = True
    reading.line = lambda: parser.CurrentLineNumber
    parser.StartDoctypeDeclHandler = lambda *_: reading.refuse("a document type is not read")
    parser.StartElementHandler = reading.begins
    parser.EndElementHandler = reading.ends
    parser.CharacterDataHandler = reading.says
    try:
        parser.Parse(text.encode(errors="surrogatepass"), True)
    except expat.ExpatError as error:
        raise rows.error(Row(error.lineno, []), f"this is no XML: {expat.errors.messages[error.code]}") from None
    if not reading.nodes:
        raise rows.error(None, "the file has no nodes")
    numbers = _numbers(reading.nodes)
    edges = []
    for ends, weight, row in reading.edges:
        unknown = [end for end in ends if end not in numbers]
        if unknown:
            raise rows.error(row, f"the edge joins {unknown[0][:40]!r}, which is no node")
        edges.append(Edge(numbers[ends[0]], numbers[ends[1]], weight, row))
    return len(numbers), edges


def _numbers(nodes: dict[str, None]) -> dict[str, int]:
    for names in (
        map(str, range(len(nodes))),
        (f"n{k}" for k in range(len(nodes))),
        map(str, range(1, len(nodes) + 1)),
    ):
        numbers = {name: place for place, name in enumerate(names)}
        if numbers.keys() == nodes.keys():
            return numbers
    return {name: place for place, name in enumerate(nodes)}


class _Reading:
    """What the parser tells of, kept as far as it matters; whatever would make another graph of it is refused."""

    def __init__(self, rows: Rows, nodes_max: int, edges_max: int) -> None:
        self._rows, self._nodes_max, self._edges_max = rows, nodes_max, edges_max
        self.nodes: dict[str, None] = {}
        self.edges: list[tuple[tuple[str, str], Number, Row]] = []
        self.line: Callable[[], int] = int
        self._graphs = 0
        self._weights = dict[str, str]()
        """By key: whether it is the weight of nodes, of edges, or of all."""
        self._defaults = dict[str, Number]()
        self._open = list[str]()
        self._key = ""
        self._text = list[str]()

    def refuse(self, detail: str) -> None:
        """Raises UnreadableFile."""
        raise self._rows.error(self._row(), detail)

    def begins(self, name: str, given: dict[str, str]) -> None:
        """An element."""
        element = name.rpartition(" ")[2]
        self._open.append(element)
        self._text.clear()
        match element:
            case "key" if self._graphs:
                self.refuse("a key is declared behind the graph")
            case "key" if given.get("attr.name") == "weight":
                self._weights[given.get("id", "")] = given.get("for", "all")
                self._key = given.get("id", "")
            case "key" | "data":
                self._key = given.get("id" if element == "key" else "key", "")
            case "graph":
                self._graphs += 1
                if self._graphs > 1:
                    self.refuse("a second graph begins")
                self._undirected(given.get("edgedefault") == "directed")
            case "node":
                self._node(given.get("id", ""))
            case "edge":
                self._undirected(given.get("directed") == "true")
                self._edge(given.get("source", ""), given.get("target", ""))
            case "hyperedge":
                self.refuse("an edge joins more than two nodes")

    def says(self, text: str) -> None:
        """What stands between elements: kept where it is a datum."""
        if self._open and self._open[-1] in ("data", "default"):
            self._text.append(text)

    def ends(self, name: str) -> None:
        """An element, after which its text is known."""
        element = name.rpartition(" ")[2]
        self._open.pop()
        within = self._open[-1] if self._open else ""
        kept = self._weights.get(self._key)
        if element == "default" and kept in ("edge", "all"):
            self._defaults[self._key] = self._number()
        elif element == "data" and within == "edge" and kept in ("edge", "all"):
            ends, _, row = self.edges[-1]
            self.edges[-1] = ends, self._number(), row
        elif element == "data" and within == "node" and kept in ("node", "all") and self._number() != 1:
            self.refuse(f"node {next(reversed(self.nodes))[:40]!r} has a weight, but only edges may have one")

    def _node(self, name: str) -> None:
        if name in self.nodes:
            self.refuse(f"node {name[:40]!r} stands twice")
        if len(self.nodes) == self._nodes_max:
            self.refuse(f"there are more than {self._nodes_max} nodes")
        self.nodes[name] = None

    def _edge(self, source: str, target: str) -> None:
        if len(self.edges) == self._edges_max:
            self.refuse(f"there are more than {self._edges_max} edges")
        self.edges.append(((source, target), next(iter(self._defaults.values()), 1), self._row()))

    def _undirected(self, directed: bool) -> None:
        if directed:
            raise self._rows.error(
                self._row(),
                "the edges have directions",
                remedy="Write it without: networkx.Graph(graph).to_undirected().",
            )

    def _number(self) -> Number:
        return self._rows.number(self._row(), "".join(self._text).strip(), "a weight")

    def _row(self) -> Row:
        return Row(self.line(), [])
