"""A large graph is carried as lists of neighbours, and is the same graph; so may any graph be stated."""

from __future__ import annotations

from typing import Any

import pytest

from queuebit_contracts.canonical import canonical_json
from queuebit_problems.errors import InvalidStatement
from queuebit_problems.files import read_problem
from queuebit_problems.kinds.graphs import graph_statement as graphs
from queuebit_problems.registry import optimisation_of
from tests.unit.problems.field_files import GRAPH

KINDS = ("graph_colouring", "max_clique", "max_independent_set")
LISTS = {"nodes": 5, "neighbours": [[2, 3], [3], [1, 4], [5]]}
"""The graph of the file, one edge in both directions."""


@pytest.mark.parametrize("name", KINDS)
def test_lists_of_neighbours_state_the_same_graph(name: str) -> None:
    kind = optimisation_of(name)
    plain = read_problem(GRAPH, kind=name).statement

    assert kind.parse(LISTS).model_dump(mode="json") == plain
    assert {"edges", "nodes"} == plain.keys()


@pytest.mark.parametrize("name", KINDS)
def test_a_large_graph_is_written_in_half_the_space_and_read_back(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kind, text = (
        optimisation_of(name),
        "p edge 60 {}\n" + "".join(f"e {u} {v}\n" for u in range(61) for v in range(1, u)),
    )
    text = text.format(60 * 59 // 2)
    listed = read_problem(text, kind=name).statement
    monkeypatch.setattr(graphs, "EDGES_LISTED_MAX", 1_000)

    compact = read_problem(text, kind=name).statement

    assert compact["neighbours"][57:] == [[59, 60], [60]]
    assert 2 * len(canonical_json(compact)) < len(canonical_json(listed))
    assert kind.parse(compact) == kind.parse(listed)
    assert kind.parse(compact).model_dump(mode="json") == compact


def test_a_large_graph_keeps_what_else_is_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphs, "EDGES_LISTED_MAX", 2)
    kind, keep = optimisation_of("graph_colouring"), {"before": [[1, 0]], "pinned": [], "change_cost": 2}
    statement = kind.parse({**LISTS, "colours": 3, "keep": keep})

    compact = statement.model_dump(mode="json")

    assert compact == {"nodes": 5, "neighbours": [[2, 3], [3], [4], [5]], "colours": 3, "keep": keep}
    assert kind.parse(compact) == statement


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"nodes": 2}, "/edges"),
    ({"nodes": 2, "edges": [], "neighbours": []}, "/neighbours"),
    ({"nodes": 2, "neighbours": 3}, "/neighbours"),
    ({"nodes": 2, "neighbours": [[2], 1]}, "/neighbours/1"),
    ({"nodes": 2, "neighbours": [[3]]}, "/neighbours/0/0"),
    ({"nodes": 2, "neighbours": [[True]]}, "/neighbours/0/0"),
    ({"nodes": 2, "neighbours": [[2], [2]]}, "/neighbours/1/0"),
    ({"nodes": 2, "neighbours": [[], [], []]}, "/neighbours"),
    ({"neighbours": [[2]]}, "/nodes"),
]


@pytest.mark.parametrize(("data", "pointer"), WRONG)
def test_wrong_neighbours_are_refused_by_place(data: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidStatement) as refused:
        optimisation_of("max_clique").parse(data)

    assert [field.pointer for field in refused.value.fields] == [f"/problem/statement{pointer}"]
