"""Files become problems: documents as they are, formats of the field through the kind that reads them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from queuebit_contracts.jobs import Problem
from queuebit_problems.files import read_problem

EDGE = {"nodes": 2, "edges": [[0, 1, 1]]}

READ: list[tuple[str, str, str | None, str, Any]] = [
    ("QED-C, with a blank line at the end", "2\n0 1\n\n", "maxcut", "a.txt", EDGE),
    ("rudy", "2 1\n1 2 1\n", "maxcut", "a.txt", EDGE),
    ("rudy without weight", "2 1\r\n2 1\r\n", "maxcut", "a.txt", EDGE),
    ("rudy with a negative decimal", "2 1\n1 2 -1.50\n", "maxcut", "", {"nodes": 2, "edges": [[0, 1, -1.5]]}),
    ("a graph without edges", "3 0\n", "maxcut", "", {"nodes": 3, "edges": []}),
    ("QED-C, recognised", "2\n0 1\n", None, "graph", EDGE),
    ("rudy, by its suffix", "2 1\n1 2 1\n", None, "g.RUD", EDGE),
    ("a whole float is an int", '{"nodes": 2, "edges": [[1, 0, 1.0]]}', "maxcut", "", EDGE),
    ("a byte order mark", "\ufeff2\n0 1\n", "maxcut", "", EDGE),
    ("a comment", "# a graph\n2 1\n1 2 1\n", "maxcut", "", EDGE),
    (
        "Biq Mac sparse: off-diagonal entries count twice",
        "2 2\n1 1 -3\n2 1 4\n",
        None,
        "q.sparse",
        {"variables": 2, "terms": [[0, 0, -3], [0, 1, 8]], "offset": 0},
    ),
    (
        "knapsack, recognised",
        "2 10\n5 4\n6.5 7\n",
        None,
        "kp",
        {"capacity": 10, "profits": [5, 6.5], "weights": [4, 7]},
    ),
    (
        "knapsack with a known solution",
        "2 10\n5 4\n6 7\n0 1\n",
        None,
        "kp",
        {"capacity": 10, "profits": [5, 6], "weights": [4, 7]},
    ),
]


@pytest.mark.parametrize(("text", "kind", "name", "statement"), [row[1:] for row in READ], ids=[row[0] for row in READ])
def test_a_file_is_read(text: str, kind: str | None, name: str, statement: dict[str, Any]) -> None:
    problem = read_problem(text, file_name=name, kind=kind)

    assert problem.statement == statement
    assert json.loads(problem.model_dump_json())["statement"] == statement


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("kind", [None, "maxcut"])
def test_a_document_is_taken_as_it_is(wrap: bool, kind: str | None) -> None:
    problem = {"kind": "maxcut", "version": 1, "statement": EDGE}
    document = {"tenant": "demo", "lane": "auto", "problem": problem} if wrap else problem

    assert read_problem(json.dumps(document), kind=kind) == Problem(kind="maxcut", version=1, statement=EDGE)
