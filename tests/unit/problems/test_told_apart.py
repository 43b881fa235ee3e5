"""Which kind a file without a kind is of: the only one that can read it, or none where several can."""

from __future__ import annotations

import json
import random
import re

import pytest

from queuebit_circuits.errors import UnreadableCircuit
from queuebit_problems.errors import ProblemError, UnreadableFile
from queuebit_problems.files import read_problem
from tests.unit.problems.field_files import EXAMPLES


def _asked(text: str) -> bool:
    try:
        read_problem(text, file_name="a.txt")
    except UnreadableFile:
        return True
    return False


RING = "5 5\n1 2\n2 3\n3 4\n4 5\n1 5\n"

ONE: list[tuple[str, str, str]] = [
    ("unweighted rudy, more edges than nodes", "4 5\n1 2\n2 3\n3 4\n1 4\n1 3\n", "maxcut"),
    ("items whose weights are no nodes", "3 9\n5 9\n6 7\n2 2\n", "knapsack"),
    ("many sizes after their count and a capacity", "\n".join(["30", "100", *["40"] * 30]), "bin_packing"),
    ("sizes on one line", "3\n50\n10 20 30\n", "bin_packing"),
    ("two tables on one line", "2\n0 1 1 0 0 5 5 0\n", "quadratic_assignment"),
    ("a job shop of two machines", "2 2\n0 3 1 2\n1 2 0 4\n", "job_shop"),
]

SEVERAL: list[tuple[str, str, str]] = [
    ("a ring, or as many items", RING, "knapsack or maxcut"),
    ("few sizes, or numbers", "3\n50\n10\n20\n30\n", "bin_packing or number_partitioning"),
    ("costs, or numbers", "2\n7\n1\n3\n4\n", "assignment or number_partitioning or tsp"),
    (
        "numbers that start like a count, one of them too large",
        "8\n1\n2\n3\n4\n5\n6\n7\n9\n11\n",
        "bin_packing or number_partitioning",
    ),
    ("an item that fits into no bin", "3\n10\n12\n4\n4\n", "bin_packing or number_partitioning"),
    ("costs all on one line", "2 7 1 3 4\n", "assignment or tsp"),
    ("costs, lines broken in the midst", "2 7 1\n3 4\n", "assignment or tsp"),
    ("distances, or costs", "4\n0 3 5 4\n3 0 2 6\n5 2 0 4\n4 6 4 0\n", "assignment or tsp"),
    ("a table, or edges that no graph has", "2\n1 1\n2 2\n", "assignment or maxcut or tsp"),
    ("a pair of nodes joined twice", "4 4\n1 2\n2 3\n3 4\n2 1\n", "knapsack or maxcut"),
    ("a node joined with itself", "4 4\n1 2\n2 3\n3 4\n4 4\n", "knapsack or maxcut"),
    ("a weighted node joined with itself", "3 3\n1 1 4\n1 2 1\n2 3 2\n", "maxcut or qubo"),
    ("fewer edges than it says", "3 4\n1 2\n2 3\n3 1\n", "knapsack or maxcut"),
    ("one machine, or items without profit", "2 1\n0 3\n0 4\n", "job_shop or knapsack"),
    ("a graph, or a matrix, without entries", "3 0\n", "maxcut or qubo"),
]


@pytest.mark.parametrize(("text", "kind"), [row[1:] for row in ONE], ids=[row[0] for row in ONE])
def test_a_file_that_one_kind_can_read_is_of_that_kind(text: str, kind: str) -> None:
    assert read_problem(text, file_name="a.txt") == read_problem(text, file_name="a.txt", kind=kind)


@pytest.mark.parametrize(("text", "names"), [row[1:] for row in SEVERAL], ids=[row[0] for row in SEVERAL])
def test_a_file_that_several_kinds_can_read_is_asked_about(text: str, names: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read_problem(text, file_name="a.txt")

    assert refused.value.detail == f"a.txt could be {names}."
    assert refused.value.remedy == f"Give --kind; one of {names.replace(' or ', ', ')}."


@pytest.mark.parametrize(("name", "kind"), [("a.kp", "knapsack"), ("a.rud", "maxcut")])
def test_a_suffix_decides(name: str, kind: str) -> None:
    assert read_problem(RING, file_name=name).kind == kind


def test_a_wrong_number_of_edges_makes_no_table_of_costs() -> None:
    with pytest.raises(UnreadableFile, match="line 2: the edge joins node 1 with itself"):
        read_problem("2 9\n1 1 1\n", file_name="a.txt")


def test_numbers_alone_are_asked_about() -> None:
    with pytest.raises(UnreadableFile, match="is numbers alone, which could be number_partitioning or anything else"):
        read_problem("4\n7\n9\n", file_name="a.txt")


TELLING = [(name, kind, text) for name, kind, text in EXAMPLES if not _asked(text)]


@pytest.mark.parametrize("name", [name for name, *_ in TELLING])
def test_a_broken_file_is_never_of_another_kind(name: str) -> None:
    """Whatever is done to the lines and numbers below the first: a file is refused, asked about, or still what it was."""
    kind, text = next((kind, text) for known, kind, text in TELLING if known == name)
    found = {_kind_of(_broken(text, random.Random(f"{name} {number}"))) for number in range(60)}

    assert found <= {kind, None}


def _kind_of(text: str) -> str | None:
    try:
        return read_problem(text, file_name="a.txt").kind
    except (ProblemError, UnreadableCircuit):
        return None


def _broken(text: str, rng: random.Random) -> str:
    first, *lines = text.splitlines()
    for _ in range(rng.randint(1, 2) if lines else 0):
        place = rng.randrange(len(lines))
        match rng.randrange(4 if len(lines) > 1 else 2):
            case 0 if len(lines) > 1:
                lines[place : place + 1] = rng.choice([[], [lines[place]] * 2])
            case 0 | 1:
                words = lines[place].split() or ["0"]
                words[rng.randrange(len(words))] = rng.choice(["-1", "0", "1", "99", "x", "1.5"])
                lines[place] = " ".join(words)
            case 2:
                other = rng.randrange(len(lines))
                lines[place], lines[other] = lines[other], lines[place]
            case _:
                lines.append(rng.choice(lines))

    return "\n".join([first, *lines])


NOT_READ: list[tuple[str, str, str]] = [
    ("a.txt", "&FCI NORB=2,NELEC=2\n 1.0 1 1 1 1\n", "an FCIDUMP of integrals"),
    ("a.hcp", "NAME : a\nTYPE : HCP\nDIMENSION : 4\nEDGE_DATA_FORMAT : EDGE_LIST\n", "a TSPLIB file of type HCP"),
]


@pytest.mark.parametrize(("name", "text", "layout"), NOT_READ, ids=[name for name, *_ in NOT_READ])
def test_a_layout_that_is_known_but_not_read_is_named(name: str, text: str, layout: str) -> None:
    with pytest.raises(UnreadableFile, match=re.escape(layout)) as refused:
        read_problem(text, file_name=name)

    assert refused.value.detail.endswith("which is not read.")
    assert refused.value.remedy


@pytest.mark.parametrize("kind", ["graph_colouring", "max_clique", "max_independent_set"])
@pytest.mark.parametrize(
    ("lines", "line", "bearer"),
    [
        ("n 1 5\ne 1 2\ne 2 3\n", 2, "node has the weight '5'"),
        ("n 1 1\nn 2 0\ne 1 2\ne 2 3\n", 3, "node has the weight '0'"),
        ("e 1 2 1\ne 2 3 7\n", 3, "edge has the weight '7'"),
        ("e 1 2 x\ne 2 3\n", 2, "edge has the weight 'x'"),
    ],
)
def test_a_weight_in_a_graph_is_refused_and_not_dropped(kind: str, lines: str, line: int, bearer: str) -> None:
    with pytest.raises(UnreadableFile, match=f"line {line}: the {bearer}") as refused:
        read_problem(f"p edge 3 2\n{lines}", kind=kind)

    assert "leave the weights out" in refused.value.remedy


def test_weights_of_one_mean_none() -> None:
    found = read_problem("p edge 3 2\nn 1 1\nn 2 1.0\nn 3\ne 1 2 1\ne 2 3\n", kind="max_clique")

    assert found.statement == {"nodes": 3, "edges": [[1, 2], [2, 3]]}


MANY = json.dumps({f"a{i}": 1 for i in range(200_000)})[:-1] + ', "a199999": 2}'
HOSTILE: list[tuple[str, str, str]] = [
    ("spaces between a coefficient and nothing", "1" + " " * 20_000 + "x", "has a form that no kind recognises"),
    ("many names, the last of them twice", MANY, "'a199999' twice"),
    ("lists within lists", '[["X", ' + "[" * 100_000, "no JSON"),
]


@pytest.mark.parametrize(("text", "said"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_what_is_long_and_wrong_is_refused_after_one_reading(text: str, said: str) -> None:
    """Read in every way, each of these would take hours."""
    with pytest.raises(UnreadableFile, match=said):
        read_problem(text, file_name="a.json" if text.startswith("{") else "a.txt")
