"""Files of unweighted graphs: DIMACS, METIS, GraphML, Matrix Market, lists of edges."""

from __future__ import annotations

from queuebit_problems.formats.edges import MARKET, is_edge_file, read_edge_file
from queuebit_problems.formats.glance import shape_of
from queuebit_problems.formats.graphml import GRAPHML, is_graphml, read_graphml
from queuebit_problems.formats.metis import METIS, is_metis, is_metis_name, read_metis
from queuebit_problems.formats.text import Row, Rows, parse_number
from queuebit_problems.kinds.graphs.graph_statement import EDGES_MAX, NODES_MAX, GraphStatement

DIMACS = (
    "DIMACS: `p edge nodes edges` (or `p col`), then `e u v`, nodes from 1; an edge may stand twice; no weights but 1"
)
NODES_FROM_1 = "Nodes count from 1: of a file that counts them from 0, node k is k + 1 here."
EDGE_LISTS = "Matrix Market, nodes from 1; edge lists (.edgelist, .edges) and CSV: `u v`, nodes from 0 or from 1"

NODE_CODE = NODES_MAX + 1
"""Two nodes as one number, which sorts faster than a pair."""


def read_graph(text: str, *, file_name: str, title: str) -> GraphStatement:
    """Read a graph of DIMACS, of GraphML, of Matrix Market, of a list of edges where the name or the first line says so, or of
    METIS where it begins with counts. Raises UnreadableFile with the line.
    """
    remedy = f"{title} reads {DIMACS}; or {METIS}; or {GRAPHML}; or {EDGE_LISTS}."
    rows = Rows(text, file_name=file_name, remedy=remedy)
    if is_graphml(text):
        return _read_graphml(text, rows)
    if is_edge_file(text, file_name) and not is_metis_name(file_name):
        return _read_edges(text, file_name, rows)
    if not is_metis(text):
        return _read_dimacs(text, file_name=file_name, remedy=remedy)
    nodes, edges = read_metis(text, rows, nodes_max=NODES_MAX, edges_max=EDGES_MAX)
    return GraphStatement(nodes=nodes, edges=tuple((u, v) for u, v, _ in edges))


def _read_graphml(text: str, rows: Rows) -> GraphStatement:
    nodes, edges = read_graphml(text, rows, nodes_max=NODES_MAX, edges_max=EDGES_MAX)
    for each in edges:
        _check_weight(rows, each.row, str(each.weight), "edge")
        if each.u == each.v:
            raise rows.error(each.row, f"the edge joins node {each.u + 1} with itself")
    return GraphStatement(nodes=nodes, edges=tuple((each.u + 1, each.v + 1) for each in edges))


def _read_edges(text: str, file_name: str, rows: Rows) -> GraphStatement:
    """A list of edges counts nodes from 0 where it names node 0, else from 1; each must have an edge, since nothing else says
    that it is there."""
    market = text.startswith(MARKET)
    nodes, edges = read_edge_file(text, file_name, rows, nodes_max=NODES_MAX + (not market), edges_max=EDGES_MAX)
    named = {end for u, v, _ in edges for end in (u, v)}
    first = 0 if market else min(named)
    missing = () if market else set(range(first, nodes)) - named
    if missing or first > 1 or nodes - first > NODES_MAX:
        place = next(iter(sorted(missing)), first)
        detail = f"node {place} has no edge, and a list of edges cannot say whether it is there"
        if nodes - first > NODES_MAX:
            detail = f"there are more than {NODES_MAX} nodes"
        raise rows.error(None, detail, remedy="State the graph as DIMACS, which counts its nodes, or number them on.")
    for u, v, weight in edges:
        _check_weight(rows, None, str(weight), "edge")
        if u == v:
            raise rows.error(None, f"the edge joins node {u + (1 if market else 0)} with itself")
    return GraphStatement(nodes=nodes - first, edges=tuple((u + 1 - first, v + 1 - first) for u, v, _ in edges))


def _read_dimacs(text: str, *, file_name: str, remedy: str) -> GraphStatement:
    """Read a DIMACS graph. The number of edges must be that of the lines, or of the distinct pairs among them."""
    rows = Rows(text, file_name=file_name, remedy=remedy)
    header = _header(rows)
    nodes = rows.integer(header, header.tokens[2], "the number of nodes", 1, NODES_MAX)
    stated = rows.integer(header, header.tokens[3], "the number of edges", 0, 2 * EDGES_MAX)
    names = {str(node): node for node in range(1, nodes + 1)}
    distinct, count = set[int](), 0
    for row in rows:
        tokens = row.tokens
        if tokens[0] in {"c", "n", "d", "v", "x"}:
            if tokens[0] == "n" and len(tokens) > 2:
                _check_weight(rows, row, tokens[2], "node")
            continue
        if tokens[0] != "e" or len(tokens) not in (3, 4):
            raise rows.error(row, "an edge should read `e u v`")
        if len(tokens) == 4:
            _check_weight(rows, row, tokens[3], "edge")
        u = names.get(tokens[1]) or rows.integer(row, tokens[1], "a node", 1, nodes)
        v = names.get(tokens[2]) or rows.integer(row, tokens[2], "a node", 1, nodes)
        if u == v:
            raise rows.error(row, f"the edge joins node {u} with itself")
        distinct.add(u * NODE_CODE + v if u < v else v * NODE_CODE + u)
        count += 1
        if len(distinct) > EDGES_MAX:
            raise rows.error(row, f"there are more than {EDGES_MAX} edges")
    if stated not in (count, len(distinct)):
        raise rows.error(header, f"the header promises {stated} edges, but {count} follow")
    return GraphStatement(nodes=nodes, edges=tuple(divmod(code, NODE_CODE) for code in sorted(distinct)))


def _check_weight(rows: Rows, row: Row | None, token: str, bearer: str) -> None:
    """Refuse a weight that would make another problem of it."""
    if parse_number(token) != 1:
        raise rows.error(
            row,
            f"the {bearer} has the weight {token[:40]!r}, but only graphs without weights are solved here",
            remedy="Only the number of nodes or of colours is solved for: leave the weights out if all may count the same.",
        )


def _header(rows: Rows) -> Row:
    while True:
        row = rows.take("`p edge nodes edges`")
        if row.tokens[0].startswith("c"):
            continue
        if row.tokens[0] != "p" or len(row.tokens) != 4:
            raise rows.error(row, "the header should read `p edge nodes edges`")
        return row


def is_graph(text: str) -> bool:
    """Whether it is GraphML, or the first line that is no comment is a header of a DIMACS graph."""
    if is_graphml(text):
        return True
    for line in shape_of(text).lines:
        if not line.startswith("c"):
            tokens = line.split()
            return len(tokens) == 4 and tokens[0] == "p" and tokens[1] in {"edge", "edges", "col", "clq", "mis"}
    return False
