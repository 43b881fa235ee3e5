"""Bad input of every form is refused with the line or the field, and the remedy."""

from __future__ import annotations

from typing import Any

import pytest

from queuebit_problems.errors import InvalidStatement, UnknownKind, UnreadableFile
from queuebit_problems.files import TEXT_LENGTH_MAX, read_problem
from queuebit_problems.registry import optimisation_of

FILES: list[tuple[str, str, int | None, str]] = [
    ("maxcut", "", None, "the file ends at once, where the number of nodes should follow"),
    ("maxcut", "# only a comment\n\n", None, "the file ends at once"),
    ("maxcut", "3 2\n1 2 1\n", None, "promises 2 edges, but only 1 follow"),
    ("maxcut", "3 1\n1 2 1\n2 3 1\n", 3, "nothing should follow the 1 edges"),
    ("maxcut", "3 1 7\n1 2 1\n", 1, "the first line should have 1 or 2 numbers, not 3"),
    ("maxcut", "20001\n0 1\n", 1, "the number of nodes should be a whole number from 1 to 20000, not '20001'"),
    ("maxcut", "0\n", 1, "from 1 to 20000, not '0'"),
    ("maxcut", "-3 1\n1 2 1\n", 1, "not '-3'"),
    ("maxcut", "3.0 1\n1 2 1\n", 1, "not '3.0'"),
    ("maxcut", "3 1\n1 4 1\n", 2, "a node should be a whole number from 1 to 3, not '4'"),
    ("maxcut", "3\n0 1\n1 3\n", 3, "a node should be a whole number from 0 to 2, not '3'"),
    ("maxcut", "3 1\n0 2 1\n", 2, "from 1 to 3, not '0'"),
    ("maxcut", "3 1\n2 2 1\n", 2, "joins node 2 with itself"),
    ("maxcut", "3 2\n1 2 1\n\n2 1 1\n", 4, "nodes 2 and 1 are joined already in line 2"),
    ("maxcut", "3 1\n1 2 nan\n", 2, "a weight should be a number"),
    ("maxcut", "3 1\n1 2 inf\n", 2, "a weight should be a number"),
    ("maxcut", "3 1\n1 2 1e999\n", 2, "a weight should be a number"),
    ("maxcut", "3 1\n1 2 1_000\n", 2, "a weight should be a number"),
    ("maxcut", "3 1\n1 2 ٣\n", 2, "a weight should be a number"),
    ("maxcut", "3 1\n1 2 3 4\n", 2, "an edge should have 2 or 3 numbers, not 4"),
    ("maxcut", "3 1\n1\n", 2, "an edge should have 2 or 3 numbers, not 1"),
    ("maxcut", "3 1\n1 2 " + "9" * 5000 + "\n", 2, "not '" + "9" * 40 + "…'"),
    ("qubo", "3\n1 1 1\n", 1, "`n entries` should have 2 numbers, not 1"),
    ("qubo", "3 2\n1 1 1\n", None, "the file ends after line 2, where entry 2 of 2 should follow"),
    ("qubo", "3 1\n1 1 1\n1 2 1\n", 3, "nothing should follow the 1 entries"),
    ("qubo", "3 1\n1 2\n", 2, "an entry should have 3 numbers, not 2"),
    ("qubo", "3 1\n0 1 1\n", 2, "a variable should be a whole number from 1 to 3, not '0'"),
    ("qubo", "3 2\n1 2 1\n2 1 1\n", 3, "variables 2 and 1 have an entry already in line 2"),
    ("qubo", "3 1\n1 2 1e15\n", 2, "a coefficient should be a number from -5e+14 to 5e+14"),
    ("qubo", "3 1\n1 2 x\n", 2, "a coefficient should be a number"),
    ("qubo", "10001 0\n", 1, "from 1 to 10000"),
    ("knapsack", "2 10\n1 1\n", None, "the file ends after line 2, where item 2 of 2 should follow"),
    ("knapsack", "1 10\n1 1\n2 2\n", 3, "nothing should follow the 1 items"),
    ("knapsack", "1 10\n1 1\n1\n0\n", 4, "nothing should follow the known solution"),
    ("knapsack", "1 -1\n1 1\n", 1, "the capacity should be a number from 0 to 1e+15, not '-1'"),
    ("knapsack", "1 10\n1 -1\n", 2, "a weight should be a number from 0 to 1e+15, not '-1'"),
    ("knapsack", "1 10\n-1 1\n", 2, "a profit should be a number from 0"),
    ("knapsack", "1 nan\n1 1\n", 1, "the capacity should be a number"),
    ("knapsack", "1 10\n1 1 1\n", 2, "an item should have 2 numbers, not 3"),
    ("knapsack", "100001 10\n", 1, "the number of items should be a whole number from 1 to 100000"),
]


@pytest.mark.parametrize(("kind", "text", "line", "detail"), FILES)
def test_a_bad_file_is_refused_by_line(kind: str, text: str, line: int | None, detail: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read_problem(text, file_name="input.txt", kind=kind)

    error = refused.value
    assert detail in error.detail
    assert error.detail.startswith("input.txt" + (f", line {line}: " if line else ": "))
    assert (error.line, error.code, error.transient) == (line, "unreadable_file", False)
    assert error.remedy.startswith(f"{kind.capitalize()} reads ")


NAN, INF = float("nan"), float("inf")

STATEMENTS: list[tuple[str, Any, list[str]]] = [
    ("maxcut", {}, ["/nodes", "/edges"]),
    ("maxcut", {"nodes": 2, "edges": [], "weights": []}, ["/weights"]),
    ("maxcut", {"nodes": True, "edges": []}, ["/nodes"]),
    ("maxcut", {"nodes": 2.0, "edges": []}, ["/nodes"]),
    ("maxcut", {"nodes": "2", "edges": []}, ["/nodes"]),
    ("maxcut", {"nodes": 0, "edges": []}, ["/nodes"]),
    ("maxcut", {"nodes": 20_001, "edges": []}, ["/nodes"]),
    ("maxcut", {"nodes": 2, "edges": None}, ["/edges"]),
    ("maxcut", {"nodes": 2, "edges": {"0": 1}}, ["/edges"]),
    ("maxcut", {"nodes": 2, "edges": "01"}, ["/edges"]),
    ("maxcut", {"nodes": 2, "edges": ["01"]}, ["/edges/0"]),
    ("maxcut", {"nodes": 2, "edges": [[0]]}, ["/edges/0/1", "/edges/0/2"]),
    ("maxcut", {"nodes": 2, "edges": [[0, 1, 1, 1]]}, ["/edges/0"]),
    ("maxcut", {"nodes": 2, "edges": [[0, True]]}, ["/edges/0/1"]),
    ("maxcut", {"nodes": 2, "edges": [[0, 1, True]]}, ["/edges/0/2"]),
    ("maxcut", {"nodes": 2, "edges": [[0, 1, "1"]]}, ["/edges/0/2"]),
    ("maxcut", {"nodes": 2, "edges": [[0, 1, NAN]]}, ["/edges/0/2"]),
    ("maxcut", {"nodes": 2, "edges": [[0, 1, -INF]]}, ["/edges/0/2"]),
    ("maxcut", {"nodes": 2, "edges": [[0, 1, 10**16]]}, ["/edges/0/2"]),
    ("maxcut", {"nodes": 2, "edges": [[-1, 1]]}, ["/edges/0/0"]),
    ("maxcut", {"nodes": 2, "edges": [[0, 2], [5, 1]]}, ["/edges/0/1", "/edges/1/0"]),
    ("maxcut", {"nodes": 2, "edges": [[1, 1]]}, ["/edges/0"]),
    ("maxcut", {"nodes": 2, "edges": [[0, 1], [1, 0, 2]]}, ["/edges/1"]),
    ("qubo", {"variables": 2}, ["/terms"]),
    ("qubo", {"variables": 2, "terms": [[0, 1]]}, ["/terms/0/2"]),
    ("qubo", {"variables": 2, "terms": [[0, 2, 1]]}, ["/terms/0/1"]),
    ("qubo", {"variables": 2, "terms": [[0, 1, 1], [1, 0, 1]]}, ["/terms/1"]),
    ("qubo", {"variables": 2, "terms": [[0, 0, 1], [0, 0, 1]]}, ["/terms/1"]),
    ("qubo", {"variables": 2, "terms": [[0, 1, NAN]], "offset": INF}, ["/terms/0/2", "/offset"]),
    ("qubo", {"variables": 10_001, "terms": []}, ["/variables"]),
    ("knapsack", {"capacity": 1, "profits": [1], "weights": []}, ["/weights"]),
    ("knapsack", {"capacity": 1, "profits": [], "weights": []}, ["/profits"]),
    ("knapsack", {"capacity": -1, "profits": [1], "weights": [1]}, ["/capacity"]),
    ("knapsack", {"capacity": 1, "profits": [-1], "weights": [-0.5]}, ["/profits/0", "/weights/0"]),
    ("knapsack", {"capacity": NAN, "profits": [INF], "weights": [False]}, ["/capacity", "/profits/0", "/weights/0"]),
    ("knapsack", {"capacity": "1", "profits": "1", "weights": 1}, ["/capacity", "/profits", "/weights"]),
]


@pytest.mark.parametrize(("kind", "data", "pointers"), STATEMENTS)
def test_a_bad_statement_is_refused_by_field(kind: str, data: Any, pointers: list[str]) -> None:
    with pytest.raises(InvalidStatement) as refused:
        optimisation_of(kind).parse(data)

    error = refused.value
    assert [field.pointer for field in error.fields] == [f"/problem/statement{pointer}" for pointer in pointers]
    assert all(pointer in error.detail for pointer in pointers)
    assert f"queuebit kinds show {kind}" in error.remedy


def test_a_statement_of_many_faults_names_twenty() -> None:
    with pytest.raises(InvalidStatement) as refused:
        optimisation_of("maxcut").parse({"nodes": 2, "edges": [[1, 1]] * 50})

    assert len(refused.value.fields) == 20


DOCUMENTS: list[tuple[str, type[Exception], str]] = [
    ('{"kind": "maxcut", "statement": {"nodes": 2,\n "edges": [}', UnreadableFile, "line 2, column 12: no JSON"),
    ('{"kind": "maxcut", "statement": {"nodes": NaN, "edges": []}}', UnreadableFile, "holds NaN"),
    ('{"nodes": 2, "edges": [[0, 1, -Infinity]]}', UnreadableFile, "holds -Infinity"),
    ('{"nodes": ' + "9" * 5000 + "}", UnreadableFile, "cannot be read: ValueError"),
    ("{" + '"a":{' * 100_000, UnreadableFile, "cannot be read: RecursionError"),
    ('{"nodes": 2, "edges": []}', UnreadableFile, 'without "kind" and "statement"'),
    ('{"kind": "sudoku", "statement": {}}', UnknownKind, "'sudoku' is not known"),
    ('{"kind": "maxcut", "version": 9, "statement": {}}', UnknownKind, "no version 9"),
    ('{"kind": "maxcut", "version": "x", "statement": {}}', InvalidStatement, "/version"),
    ('{"problem": {"kind": "maxcut", "statement": []}}', InvalidStatement, "/problem/statement"),
    ('{"kind": 7, "statement": {}}', InvalidStatement, "/kind"),
    ('{"kind": "maxcut", "statement": {"nodes": 2, "edges": []}, "x": 1}', InvalidStatement, "/x"),
    ("x" * (TEXT_LENGTH_MAX + 1), UnreadableFile, "more than 10000000 characters"),
    ("hello\nworld\n", UnreadableFile, "has a form that no kind recognises"),
    ("3 1\n1 2 5\n", UnreadableFile, "could be maxcut or qubo"),
]


@pytest.mark.parametrize(("text", "error", "detail"), DOCUMENTS, ids=[detail for _, _, detail in DOCUMENTS])
def test_a_bad_document_is_refused(text: str, error: type[Exception], detail: str) -> None:
    with pytest.raises(error) as refused:
        read_problem(text, file_name="input.json")

    assert detail in str(refused.value)
    assert refused.value.remedy  # type: ignore[attr-defined]


def test_a_document_of_another_kind_than_asked_for_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="states the kind maxcut, not qubo"):
        read_problem('{"kind": "maxcut", "statement": {"nodes": 2, "edges": []}}', kind="qubo")
