"""Max-Cut: divide the nodes of a weighted graph into two sides so that the edges between the sides weigh the most."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, Strict, ValidationInfo

from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import Number
from queuebit_problems.checks import Place, bits_errors, raise_faults
from queuebit_problems.encoding.enumeration import (
    CUT_NODES_MAX,
    CUT_TOTAL_MAX,
    VARIABLES_MAX,
    Enumerated,
    best_cut,
    minimum_of,
)
from queuebit_problems.encoding.qubo import QuboBuilder, exact
from queuebit_problems.encoding.qubo_search import Quadratic, descend, search
from queuebit_problems.formats.divisions import read_sides
from queuebit_problems.formats.edges import is_edge_file, read_counted_edges, read_edge_file
from queuebit_problems.formats.glance import Shape, shape_of
from queuebit_problems.formats.graphml import GRAPHML, is_graphml
from queuebit_problems.formats.metis import METIS
from queuebit_problems.formats.text import Rows, count_of
from queuebit_problems.kind import Answer, Params, Size, Solution, Statement, Violation
from queuebit_problems.numeric import Index, Real, cp_coefficients, integers, number, number_above
from queuebit_problems.optimisation import CpReading, Encoding, Optimisation
from queuebit_problems.shares import Shares, one_part

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

NODES_MAX = 20_000
EDGES_MAX = 1_000_000


def _weighted(edges: Any) -> Any:
    """A pair [u, v] becomes [u, v, 1]; everything else is left to the checks that follow."""
    if not isinstance(edges, list | tuple) or (set(map(type, edges)) <= {list, tuple} and 2 not in map(len, edges)):
        return edges
    return [(*edge, 1) if isinstance(edge, list | tuple) and len(edge) == 2 else edge for edge in edges]


Edges = tuple[tuple[Index, Index, Real], ...]


def _simple_graph(edges: Edges, info: ValidationInfo) -> Edges:
    """Refuse what is no simple graph; else the normal form: the lower node first, edges in order."""
    nodes = info.data.get("nodes")
    if nodes is None or _is_normal(edges, nodes):
        return edges
    ordered = tuple(sorted([(u, v, weight) if u < v else (v, u, weight) for u, v, weight in edges]))
    if not _is_normal(ordered, nodes):
        raise_faults("maxcut", _faults(edges, nodes))
    return ordered


def _is_normal(edges: Edges, nodes: int) -> bool:
    """Whether these are the edges of a simple graph in their normal form: then there is nothing to find or to sort."""
    before = (-1, -1)
    for u, v, _ in edges:
        pair = (u, v)
        if not (u < v < nodes and before < pair):
            return False
        before = pair
    return True


def _faults(edges: Edges, nodes: int) -> Iterator[tuple[Place, str, str]]:
    seen = set[tuple[int, int]]()
    for place, (u, v, _) in enumerate(edges):
        pair = (u, v) if u < v else (v, u)
        if u >= nodes or v >= nodes:
            yield (place, 0 if u >= nodes else 1), "node", f"should be a node from 0 to {nodes - 1}"
        elif u == v:
            yield (place,), "loop", f"joins node {u} with itself; leave it out, it is never cut"
        elif pair in seen:
            yield (place,), "duplicate", f"joins nodes {u} and {v} again; list each pair once, weights added"
        seen.add(pair)


class MaxCutStatement(Statement):
    """A graph. Nodes count from 0. Each pair of nodes stands at most once: parallel edges are refused rather than added up,
    because a file that lists both directions of each edge would otherwise double every weight unnoticed."""

    nodes: Annotated[int, Strict(), Field(ge=1, le=NODES_MAX, description="How many nodes; they count from 0.")]
    edges: Annotated[
        Edges,
        BeforeValidator(_weighted),
        AfterValidator(_simple_graph),
        Field(
            max_length=EDGES_MAX,
            description="Edges [u, v, weight], or [u, v] for weight 1. No loops, each pair of nodes at most once.",
        ),
    ]

    @cached_property
    def scaled(self) -> tuple[list[int], int]:
        """The weights as integers, and their common denominator."""
        return integers([weight for _, _, weight in self.edges])

    @cached_property
    def form(self) -> Quadratic:
        """Minus the cut as a quadratic form over the sides."""
        weights, denominator = self.scaled
        linear = [0] * self.nodes
        neighbours: list[list[tuple[int, int]]] = [[] for _ in range(self.nodes)]
        for (u, v, _), weight in zip(self.edges, weights, strict=True):
            linear[u] -= weight
            linear[v] -= weight
            neighbours[u].append((v, 2 * weight))
            neighbours[v].append((u, 2 * weight))
        return Quadratic(self.nodes, linear, neighbours, 0, denominator)


class MaxCut(Optimisation[MaxCutStatement]):
    name = "maxcut"
    admission_is_linear = True
    title = "Maximum cut of a weighted graph"
    sense = "max"
    answer_shape = '{"side": [0|1 of each node]}'
    formats = (
        "rudy and G-set: `nodes edges`, then `u v weight`, nodes from 1",
        "QED-C: `nodes`, then `u v`, nodes from 0, every weight 1",
        "edge lists and CSV: `u v weight`, as networkx writes them, nodes from 0; Matrix Market, nodes from 1",
        f"{METIS}; of the suffix .graph or .metis; {GRAPHML}",
    )
    suffixes = (".rud", ".rudy", ".mc")
    statement = MaxCutStatement

    def read(self, text: str, *, file_name: str = "", params: Params | None = None) -> MaxCutStatement:
        del params
        rows = Rows(text, file_name=file_name, remedy=f"Maxcut reads {'; or '.join(self.formats)}.")
        if is_edge_file(text, file_name):
            found, listed = read_edge_file(text, file_name, rows, nodes_max=NODES_MAX, edges_max=EDGES_MAX)
            return self.parse({"nodes": found, "edges": listed})
        header = rows.take("the number of nodes")
        counts = rows.columns(header, (1, 2), "the first line")
        nodes = rows.integer(header, counts[0], "the number of nodes", 1, NODES_MAX)
        stated = rows.integer(header, counts[1], "the number of edges", 0, EDGES_MAX) if len(counts) == 2 else None
        edges = list(
            read_counted_edges(rows, 0 if stated is None else 1, nodes, EDGES_MAX if stated is None else stated)
        )
        if stated is not None and len(edges) < stated:
            raise rows.error(None, f"the first line promises {stated} edges, but only {len(edges)} follow")
        return MaxCutStatement(nodes=nodes, edges=tuple(edges))

    def recognises(self, text: str) -> bool:
        shape = shape_of(text)
        if None in shape.counts:
            return is_graphml(text)
        if len(shape.counts) == 1:
            ends = [[count_of(token) for token in line] for line in shape.head[1:] if len(line) == 2]
            edges = [pair for pair in ends if all(end is not None and end < (shape.counts[0] or 0) for end in pair)]
            return 2 * len(edges) >= len(shape.head) - 1 or shape.later == {2}  # most are edges, some may be wrong
        return len(shape.counts) == 2 and shape.later in ({2}, {3}, set()) and _joins_nodes(shape)

    def size(self, statement: MaxCutStatement) -> Size:
        return Size(statement.nodes, statement.nodes, len(statement.edges))

    def answer_errors(self, statement: MaxCutStatement, answer: Answer) -> list[FieldError]:
        return bits_errors(answer, "side", statement.nodes)

    def objective(self, statement: MaxCutStatement, answer: Answer) -> Number:
        side, (weights, denominator) = answer["side"], statement.scaled
        cut = 0
        for (u, v, _), weight in zip(statement.edges, weights, strict=True):
            if side[u] != side[v]:
                cut += weight
        return _stated(cut, denominator)

    def violations(self, statement: MaxCutStatement, answer: Answer) -> list[Violation]:
        """None: every division of the nodes is a cut."""
        del statement, answer
        return []

    def shares(self, statement: MaxCutStatement, answer: Answer) -> Shares:
        """What each edge between the sides weighs."""
        side, (weights, unit) = answer["side"], statement.scaled
        cut = [w if side[u] != side[v] else 0 for (u, v, _), w in zip(statement.edges, weights, strict=True)]
        return one_part("cut edges", cut, unit, lambda k: "{} and {}".format(*statement.edges[k]))

    def solution(self, statement: MaxCutStatement, text: str, *, file_name: str = "") -> Solution | None:
        return read_sides(text, statement.nodes, file_name)

    def encoding(self, statement: MaxCutStatement) -> Encoding:
        """One qubit a node: energy = -cut."""
        builder = QuboBuilder(statement.nodes)
        for u, v, stated in statement.edges:
            weight = exact(stated)
            builder.add_linear(u, -weight)
            builder.add_linear(v, -weight)
            builder.add(u, v, 2 * weight)
        return Encoding(builder.build(), lambda bits: {"side": list(bits)}, lambda answer: list(answer["side"]))

    def cp_model(self, statement: MaxCutStatement, model: cp_model.CpModel) -> CpReading:
        """A Boolean a node and a Boolean an edge, cut = u xor v as clauses; node 0 stays on side 0."""
        weights, denominator = statement.scaled
        coefficients = cp_coefficients(weights, denominator)
        sides = [model.new_bool_var(f"side{node}") for node in range(statement.nodes)]
        cuts = []
        for u, v, _ in statement.edges:
            cut = model.new_bool_var(f"cut{u}_{v}")
            _cut_is_xor(model, sides[u], sides[v], cut)
            cuts.append(cut)
        model.add(sides[0] == 0)
        model.maximize(sum(c * cut for c, cut in zip(coefficients.coefficients, cuts, strict=True)))

        def hint(answer: Answer) -> list[tuple[Any, int]]:
            bits = [bit ^ answer["side"][0] for bit in answer["side"]]
            edges = [(cut, bits[u] ^ bits[v]) for cut, (u, v, _) in zip(cuts, statement.edges, strict=True)]
            return [*zip(sides, bits, strict=True), *edges]

        return CpReading(
            answer=lambda value: {"side": [int(value(side)) for side in sides]},
            scale=coefficients.scale,
            hint=hint,
            error=coefficients.error,
        )

    def heuristic(self, statement: MaxCutStatement, seed: int) -> Answer | None:
        return {"side": search(statement.form, _one_by_one(statement), seed)}

    def improve(self, statement: MaxCutStatement, answer: Answer) -> Answer:
        return {"side": descend(statement.form, answer["side"])}

    def default_answer(self, statement: MaxCutStatement) -> Answer | None:
        """Node by node in the given order, each where it cuts more of the edges to the nodes already placed."""
        return {"side": _one_by_one(statement)}

    def trivial_bound(self, statement: MaxCutStatement) -> Number:
        """The sum of the positive weights."""
        weights, _ = statement.scaled
        return number_above(statement.form.exact(sum(weight for weight in weights if weight > 0)))

    def enumerated(self, statement: MaxCutStatement) -> Enumerated | None:
        """Up to 25 nodes, since a cut and its complement are one; the answer has node 0 on side 0."""
        if statement.nodes > VARIABLES_MAX + 1:
            return None
        weights, denominator = statement.scaled
        if statement.nodes <= CUT_NODES_MAX and sum(map(abs, weights)) <= CUT_TOTAL_MAX:
            cut, side, optima = best_cut(statement.nodes, statement.edges, weights)
            return Enumerated({"side": side}, _stated(cut, denominator), optima)
        found = minimum_of(statement.form, last_is_zero=True)
        side = [bit ^ found.bits[0] for bit in found.bits]
        return Enumerated({"side": side}, number(-found.energy), 2 * found.count)

    def example(self) -> MaxCutStatement:
        """Six nodes, three edges each; the best cut is 7."""
        pairs = ((0, 1), (0, 4), (0, 5), (1, 2), (1, 4), (2, 3), (2, 5), (3, 4), (3, 5))
        return MaxCutStatement(nodes=6, edges=tuple((u, v, 1) for u, v in pairs))


def _stated(cut: int, denominator: int) -> Number:
    """A cut of scaled weights as the number that it stands for."""
    return cut if denominator == 1 else number(Fraction(cut, denominator))


def _one_by_one(statement: MaxCutStatement) -> list[int]:
    """Sides in the given order of the nodes, each opposite to the heavier pull of those already placed."""
    placed: list[list[tuple[int, int]]] = [[] for _ in range(statement.nodes)]
    for (u, v, _), weight in zip(statement.edges, statement.scaled[0], strict=True):
        placed[max(u, v)].append((min(u, v), weight))
    side: list[int] = []
    for edges in placed:
        pull = sum(weight if side[node] else -weight for node, weight in edges)
        side.append(1 if pull < 0 else 0)
    return side


def _cut_is_xor(model: cp_model.CpModel, u: Any, v: Any, cut: Any) -> None:
    model.add_bool_or(u, v, ~cut)
    model.add_bool_or(~u, ~v, ~cut)
    model.add_bool_or(u, ~v, cut)
    model.add_bool_or(~u, v, cut)


def _joins_nodes(shape: Shape) -> bool:
    """Whether the lines after the first could be edges, if wrong ones: as many as it says, or between nodes that it counts."""
    nodes, edges = shape.counts
    if edges == len(shape.lines) - 1:
        return True
    ends = [count_of(token) for line in shape.head[1:] for token in line[:2]]
    return bool(ends) and all(end is not None and end <= (nodes or 0) for end in ends)


KIND = MaxCut()
