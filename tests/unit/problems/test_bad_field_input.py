"""Bad input of every kind of the catalogue is refused with the line or the field, and the remedy; published files are traps."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from queuebit_problems.errors import InvalidStatement, TooManyQubits, UnreadableFile
from queuebit_problems.files import read_problem
from queuebit_problems.kind import Params
from queuebit_problems.registry import optimisation_of

TSP = "NAME: a\nTYPE: TSP\nDIMENSION: 3\nEDGE_WEIGHT_TYPE: EUC_2D\nNODE_COORD_SECTION\n1 0 0\n2 0 3\n3 4 0\nEOF\n"
MATRIX = "TYPE: TSP\nDIMENSION: 3\nEDGE_WEIGHT_TYPE: EXPLICIT\nEDGE_WEIGHT_FORMAT: {}\nEDGE_WEIGHT_SECTION\n{}\nEOF\n"
VRP = (
    "NAME: {name}\nCOMMENT: ({comment})\nTYPE: CVRP\nDIMENSION: 3\nEDGE_WEIGHT_TYPE: EUC_2D\nCAPACITY: 5\n{more}"
    "NODE_COORD_SECTION\n1 0 0\n2 0 3\n3 4 0\nDEMAND_SECTION\n1 0\n2 3\n3 4\nDEPOT_SECTION\n1\n-1\nEOF\n"
)
PLAIN_VRP = VRP.format(name="a", comment="", more="")
QKP = "name\n2\n3 4\n7\n\n0\n5\n2 3\n"

FILES: list[tuple[str, str, int | None, str]] = [
    ("max_clique", "", None, "ends at once, where `p edge nodes edges` should follow"),
    ("max_clique", "c x\ne 1 2\n", 2, "the header should read `p edge nodes edges`"),
    ("max_clique", "p edge 3 2\ne 1 2\n", 1, "promises 2 edges, but 1 follow"),
    ("max_clique", "p edge 3 1\ne 1 4\n", 2, "a node should be a whole number from 1 to 3, not '4'"),
    ("max_independent_set", "p edge 3 1\ne 2 2\n", 2, "joins node 2 with itself"),
    ("max_independent_set", "p edge 3 1\n1 2\n", 2, "an edge should read `e u v`"),
    (
        "graph_colouring",
        "p col 10000 0\n",
        1,
        "the number of nodes should be a whole number from 1 to 5000, not '10000'",
    ),
    ("graph_colouring", "p col 3 0 1\n", 1, "the header should read"),
    ("tsp", "", None, "the line `DIMENSION : …` is missing"),
    ("tsp", TSP.replace("TSP", "HCP"), 2, "TYPE should be TSP or ATSP, not 'HCP'"),
    ("tsp", TSP.replace("DIMENSION: 3", "DIMENSION: 10000"), 3, "from 2 to 2000, not '10000'"),
    ("tsp", TSP.replace("DIMENSION: 3", "DIMENSION: 4"), 5, "NODE_COORD_SECTION has 3 of 4 nodes; node 4 is missing"),
    ("tsp", TSP.replace("DIMENSION: 3", "DIMENSION: 2"), 8, "a node should be a whole number from 1 to 2, not '3'"),
    ("tsp", TSP.replace("EUC_2D", "XRAY1"), 4, "EDGE_WEIGHT_TYPE should be one of EXPLICIT, EUC_2D"),
    ("tsp", TSP.replace("2 0 3", "2 0"), 7, "a node should have 3 numbers, not 2"),
    ("tsp", TSP.replace("2 0 3", "1 0 3"), 7, "node 1 stands already in line 6"),
    ("tsp", TSP.replace("2 0 3", "2 0 nan"), 7, "a coordinate should be a number"),
    ("tsp", "TYPE: TSP\nDIMENSION: 3\nEDGE_WEIGHT_TYPE: EUC_2D\n", None, "the section NODE_COORD_SECTION is missing"),
    ("tsp", "1 2 3\n", 1, "numbers should stand in a section"),
    ("tsp", "TYPE: TSP\nhello world\n", 2, "a line should be `KEY : value`"),
    ("tsp", MATRIX.format("LOWER_ROW", "1 2"), 5, "LOWER_ROW of 3 nodes has 3 distances, but 2 follow"),
    ("tsp", MATRIX.format("FULL_MATRIX", "0 1 2 3\n4"), 5, "FULL_MATRIX of 3 nodes has 9 distances, but 5 follow"),
    ("tsp", MATRIX.format("SPIRAL", "0"), 4, "EDGE_WEIGHT_FORMAT should be one of FULL_MATRIX"),
    ("tsp", MATRIX.format("LOWER_ROW", "1 -2 3"), 6, "a distance should be a number from 0"),
    ("cvrp", TSP, 2, "TYPE should be CVRP, not 'TSP'"),
    ("cvrp", PLAIN_VRP.replace("3 4\nDEPOT", "3 6\nDEPOT"), 14, "the demand 6 is more than the capacity 5"),
    ("cvrp", PLAIN_VRP.replace("1 0\n2 3\n", "1 1\n2 3\n"), 12, "the depot, node 1, should have the demand 0"),
    ("cvrp", PLAIN_VRP.replace("2 3\n3 4\nDEPOT", "2 3\nDEPOT"), 11, "has 2 of 3 nodes; node 3 is missing"),
    ("cvrp", PLAIN_VRP.replace("\n1\n-1", "\n2\n-1"), 15, "the depot should be node 1 alone"),
    ("cvrp", PLAIN_VRP.replace("CAPACITY: 5\n", ""), None, "the line `CAPACITY : …` is missing"),
    ("cvrp", PLAIN_VRP.replace("2 3\n3 4\nDEPOT", "2 -3\n3 4\nDEPOT"), 13, "a demand should be a number from 0"),
    ("cvrp", VRP.format(name="a", comment="", more="DISTANCE: 200\n"), 7, "DISTANCE limits the length of routes"),
    ("job_shop", "2 2\n0 1 1 2\n", None, "the file ends after line 2, where job 2 of 2 should follow"),
    ("job_shop", "1 2\n0 1 1\n", 2, "a job should have pairs of numbers, not 3 numbers"),
    ("job_shop", "1 2\n0 1 2 2\n", 2, "a machine should be a whole number from 0 to 1, not '2'"),
    ("job_shop", "1 2\n0 -1\n", 2, "a duration should be a whole number from 0"),
    ("job_shop", "1 1\n0 1\n0 1\n", 3, "nothing should follow the 1 jobs"),
    ("job_shop", "10000 2\n", 1, "the number of jobs should be a whole number from 1 to 500"),
    ("bin_packing", "3\n10\n5\n6\n", None, "the file ends after line 4, where a size should follow"),
    ("bin_packing", "1\n10\n11\n", 3, "a size should be a number from 0 to 10, not '11'"),
    ("bin_packing", "1\n10\n5\n5\n", 4, "nothing should follow the 1 sizes"),
    (
        "bin_packing",
        "2\na\n10 1 1\n5\nb\n10 1 1\n5\n",
        1,
        "the file holds 2 problems; choose one with --param problem=N",
    ),
    ("number_partitioning", "", None, "the file ends at once"),
    ("number_partitioning", "1\n-2\n", 2, "a number should be a number from 0"),
    ("number_partitioning", "1\n2 3\n", 2, "a line should have 1 numbers, not 2"),
    ("assignment", "2\n1 2\n3\n", None, "the file ends after line 3, where a cost should follow"),
    ("assignment", "2\n1 2\n3 4 5\n", 3, "nothing should follow the 2 by 2 costs"),
    ("assignment", "10000\n", 1, "the number of rows should be a whole number from 1 to 800"),
    ("generalised_assignment", "1 1\n5\n3\n", None, "the file ends after line 3, where a capacity should follow"),
    ("generalised_assignment", "1 1\n5\n-3\n4\n", 3, "a weight should be a number from 0"),
    ("quadratic_assignment", "1\n0\n", None, "a value of the second matrix should follow"),
    ("quadratic_assignment", "1\n0\n0\n0\n", 4, "nothing should follow the two matrices"),
    ("multi_knapsack", "1\n2 1 0\n5 6\n1 2\n", None, "where a capacity should follow"),
    ("multi_knapsack", "1\n1 1 0\n5\n1\n-2\n", 5, "a capacity should be a number from 0"),
    ("quadratic_knapsack", QKP.replace("\n0\n", "\n1\n"), 6, "should be 0 (at most the capacity)"),
    ("quadratic_knapsack", "name\n2\n3 4\n7\n\n0\n5\n2\n", None, "where a weight should follow"),
    ("quadratic_knapsack", QKP.replace("7", "-7"), 4, "the profit of items 1 and 2 should be a number from 0"),
    ("portfolio", "2\n0.1 0.2\n", None, "where asset 2 of 2 should follow"),
    ("portfolio", "1 0.1 0.2\n2 0.1 0.2\n1 2 7\n", 3, "a correlation should be a number from -1 to 1, not '7'"),
    ("portfolio", "1 0.1 0.2\n2 0.1 0.2\n1 1 0.5\n", 3, "asset 1 should correlate with itself by 1"),
]


@pytest.mark.parametrize(("kind", "text", "line", "detail"), FILES)
def test_a_bad_file_is_refused_by_line(kind: str, text: str, line: int | None, detail: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read_problem(text, file_name="input.txt", kind=kind)

    error = refused.value
    assert detail in error.detail
    assert error.detail.startswith("input.txt" + (f", line {line}: " if line else ": "))
    assert error.line == line
    assert " reads " in error.remedy


STATEMENTS: list[tuple[str, dict[str, Any], str]] = [
    ("max_clique", {"nodes": 2, "edges": [[1, 3]]}, "/edges/0/1"),
    ("max_clique", {"nodes": 2, "edges": [[0, 1]]}, "/edges/0/0"),
    ("max_independent_set", {"nodes": 2, "edges": [[1, 1]]}, "/edges/0"),
    ("graph_colouring", {"nodes": 5001, "edges": []}, "/nodes"),
    ("tsp", {}, "/distances"),
    ("tsp", {"distances": [[0, 1], [1]]}, "/distances/1"),
    ("tsp", {"distances": [[0, -1], [1, 0]]}, "/distances/0/1"),
    ("tsp", {"metric": "EUC_2D"}, "/distances"),
    ("tsp", {"metric": "EUC_2D", "coordinates": [[0, 0]], "distances": [[0]]}, "/distances"),
    ("tsp", {"metric": "EUC_2D", "coordinates": [[0, 0]] * 2001}, "/coordinates"),
    ("tsp", {"metric": "MILES", "coordinates": [[0, 0]]}, "/metric"),
    ("cvrp", {"distances": [[0, 1], [1, 0]], "capacity": 5, "demands": [0, 6]}, "/demands/1"),
    ("cvrp", {"distances": [[0, 1], [1, 0]], "capacity": 5, "demands": [1, 5]}, "/demands/0"),
    ("cvrp", {"distances": [[0, 1], [1, 0]], "capacity": 5, "demands": [0]}, "/demands"),
    ("cvrp", {"distances": [[0] * 3] * 3, "capacity": 5, "demands": [0, 4, 4], "vehicles": 1}, "/vehicles"),
    ("job_shop", {"machines": 1, "jobs": [[[1, 1]]]}, "/jobs/0/0/0"),
    ("job_shop", {"machines": 1, "jobs": [[]]}, "/jobs/0"),
    ("job_shop", {"machines": 1, "jobs": []}, "/jobs"),
    ("job_shop", {"machines": 1, "jobs": [[[0, 1.5]]]}, "/jobs/0/0/1"),
    ("bin_packing", {"capacity": 5, "sizes": [6]}, "/sizes/0"),
    ("bin_packing", {"capacity": 5, "sizes": []}, "/sizes"),
    ("number_partitioning", {"numbers": [-1]}, "/numbers/0"),
    ("assignment", {"costs": [[1, 2]]}, "/costs/0"),
    ("generalised_assignment", {"profits": [[1]], "weights": [[1, 2]], "capacities": [1]}, "/weights/0"),
    ("generalised_assignment", {"profits": [[1]], "weights": [[1]], "capacities": []}, "/capacities"),
    ("quadratic_assignment", {"flows": [[1]], "distances": [[1, 2], [3, 4]]}, "/distances"),
    ("quadratic_assignment", {"flows": [[-1]], "distances": [[1]]}, "/flows/0/0"),
    ("multi_knapsack", {"capacities": [1], "profits": [1, 2], "weights": [[1]]}, "/weights/0"),
    ("multi_knapsack", {"capacities": [], "profits": [1], "weights": []}, "/capacities"),
    ("quadratic_knapsack", {"capacity": 1, "profits": [1], "weights": [1], "pairs": [[0, 0, 1]]}, "/pairs/0"),
    ("quadratic_knapsack", {"capacity": 1, "profits": [1, 1], "weights": [1], "pairs": []}, "/weights"),
]


@pytest.mark.parametrize(("kind", "data", "pointer"), STATEMENTS)
def test_a_bad_statement_is_refused_by_field(kind: str, data: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidStatement) as refused:
        optimisation_of(kind).parse(data)

    assert f"/problem/statement{pointer}" in [field.pointer for field in refused.value.fields]
    assert f"queuebit kinds show {kind}" in refused.value.remedy


ANSWERS: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    ("max_clique", {}, [("/nodes", "missing")]),
    ("max_clique", {"nodes": 3}, [("/nodes", "list_type")]),
    ("max_clique", {"nodes": [1, 1, 0, True]}, [("/nodes/1", "duplicate"), ("/nodes/2", "node"), ("/nodes/3", "node")]),
    ("tsp", {}, [("/tour", "missing")]),
    ("tsp", {"tour": [0, 5, 1.0]}, [("/tour/0", "node"), ("/tour/1", "node"), ("/tour/2", "node")]),
    ("tsp", {"tour": [1] * 9}, [("/tour", "length")]),
    ("cvrp", {}, [("/routes", "missing")]),
    ("cvrp", {"routes": [[1, 2], 3]}, [("/routes/0/0", "node"), ("/routes/1", "list_type")]),
    ("job_shop", {"start": [[0, 1]]}, [("/start", "length")]),
    ("job_shop", {"start": [[0, 1], [0]]}, [("/start/1", "length")]),
    ("job_shop", {"start": [[0, -1], [0.5, 2]]}, [("/start/0/1", "time"), ("/start/1/0", "time")]),
    ("graph_colouring", {"colour": [0, 1, 2, 3, 4, 6]}, [("/colour/5", "range")]),
    ("bin_packing", {"bin": [0, 0]}, [("/bin", "length")]),
    ("bin_packing", {"bin": "01234"}, [("/bin", "list_type")]),
    ("assignment", {}, [("/assigned_to", "missing")]),
    ("assignment", {"assigned_to": [0, 1, 3]}, [("/assigned_to/2", "range")]),
    ("quadratic_assignment", {"permutation": [0, 1, None]}, [("/permutation/2", "range")]),
    ("generalised_assignment", {"assigned_to": [0, 1, 2]}, [("/assigned_to/2", "range")]),
    ("multi_knapsack", {"take": [0, 1, 2, 1]}, [("/take/2", "bit")]),
    ("portfolio", {"select": [0, 1]}, [("/select", "length")]),
]


@pytest.mark.parametrize(("name", "answer", "errors"), ANSWERS)
def test_an_unreadable_answer_is_named(name: str, answer: dict[str, Any], errors: list[tuple[str, str]]) -> None:
    kind = optimisation_of(name)

    found = kind.answer_errors(kind.example(), answer)

    assert [(error.pointer, error.code) for error in found] == errors


READINGS: list[tuple[str, str, str, Params | None, int | None]] = [
    ("set A limits its routes", "A-n32-k2", "", None, 2),
    ("set X does not", "X-n101-k2", "", None, None),
    ("another name does not", "A-n32-k2_first4", "", None, None),
    ("a derived file says it", "P-n16-k8_first4", "derived, at most 2 vehicles; derived", None, 2),
    ("the param overrides", "A-n32-k2", "at most 2 vehicles", {"vehicles": 3}, 3),
]


@pytest.mark.parametrize(
    ("name", "comment", "params", "vehicles"), [row[1:] for row in READINGS], ids=[r[0] for r in READINGS]
)
def test_the_name_of_a_file_limits_its_routes(
    name: str, comment: str, params: Params | None, vehicles: int | None
) -> None:
    problem = read_problem(VRP.format(name=name, comment=comment, more=""), params=params)

    assert problem.kind == "cvrp"
    assert problem.statement["vehicles"] == vehicles


@pytest.mark.parametrize("vehicles", [0, "2", True, 1.5])
def test_a_param_that_is_no_number_of_vehicles_is_refused(vehicles: Any) -> None:
    with pytest.raises(UnreadableFile, match="the param vehicles should be a whole number"):
        read_problem(PLAIN_VRP, params={"vehicles": vehicles})


def test_too_few_vehicles_for_the_demand_are_refused() -> None:
    with pytest.raises(InvalidStatement, match="/vehicles"):
        read_problem(PLAIN_VRP, params={"vehicles": 1})


@pytest.mark.parametrize(
    ("form", "numbers"),
    [
        ("FULL_MATRIX", "9 1 2 1 9 3 2 3 9"),
        ("UPPER_ROW", "1 2 3"),
        ("LOWER_ROW", "1 2 3"),
        ("UPPER_DIAG_ROW", "0 1 2\n0 3 0"),
        ("LOWER_DIAG_ROW", "0 1 0\n2 3 0"),
        ("UPPER_COL", "1 2 3"),
        ("LOWER_COL", "1 2 3"),
        ("UPPER_DIAG_COL", "0 1 0 2 3 0"),
        ("LOWER_DIAG_COL", "0 1 2 0 3 0"),
    ],
)
def test_every_form_of_matrix_is_read(form: str, numbers: str) -> None:
    statement = read_problem(MATRIX.format(form, numbers)).statement

    assert statement["distances"] == [[0, 1, 2], [1, 0, 3], [2, 3, 0]]


@pytest.mark.parametrize(
    ("metric", "x", "distance"),
    [
        ("EUC_2D", 0.5, 1),
        ("EUC_2D", 2.5, 3),
        ("EUC_2D", 1.49, 1),
        ("CEIL_2D", 1.01, 2),
        ("ATT", 3.2, 2),
        ("MAX_2D", 2.5, 3),
    ],
)
def test_halves_round_up_as_the_field_does(metric: str, x: float, distance: int) -> None:
    kind = optimisation_of("tsp")
    statement = kind.parse({"metric": metric, "coordinates": [[0, 0], [x, 0]]})

    assert kind.objective(statement, {"tour": [1, 2]}) == 2 * distance


def test_geographic_distances_follow_the_published_rule() -> None:
    kind = optimisation_of("tsp")
    statement = kind.parse({"metric": "GEO", "coordinates": [[16.47, 96.10], [16.47, 94.44]]})

    assert kind.objective(statement, {"tour": [1, 2]}) == 2 * 153


def test_an_edge_that_stands_twice_is_one() -> None:
    for text in ("p edge 3 4\ne 1 2\ne 2 1\ne 2 3\ne 3 2\n", "p edge 3 2\ne 1 2\ne 2 1\ne 2 3\n"):
        assert read_problem(text, file_name="a.col").statement == {"nodes": 3, "edges": [[1, 2], [2, 3]]}


def test_a_graph_without_a_telling_name_could_be_of_three_kinds() -> None:
    with pytest.raises(UnreadableFile, match="could be graph_colouring or max_clique or max_independent_set"):
        read_problem("p edge 2 1\ne 1 2\n", file_name="graph.txt")


def test_a_known_number_of_bins_in_a_file_binds_nobody() -> None:
    kind = optimisation_of("bin_packing")
    problem = read_problem("1\n u2\n 10 2 2\n5\n5\n")

    assert problem.statement == {"capacity": 10, "sizes": [5, 5]}
    assert kind.trivial_bound(kind.parse(problem.statement)) == 1


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("bin_packing", "2\na\n10 1 1\n5\nb\n20 1 1\n6\n"),
        ("multi_knapsack", "2\n1 1 0\n5\n1\n10\n1 1 0\n6\n1\n20\n"),
        ("generalised_assignment", "2\n1 1\n5\n1\n10\n1 1\n6\n1\n20\n"),
    ],
)
def test_one_of_several_problems_is_chosen(kind: str, text: str) -> None:
    capacities = []
    for problem in (1, 2):
        statement = read_problem(text, kind=kind, params={"problem": problem}).statement
        capacities.append(statement["capacity"] if kind == "bin_packing" else statement["capacities"][0])
    with pytest.raises(UnreadableFile, match="from 1 to 2"):
        read_problem(text, kind=kind, params={"problem": 3})

    assert capacities == [10, 20]


LARGE: list[tuple[str, dict[str, Any]]] = [
    ("max_clique", {"nodes": 1001, "edges": []}),
    ("graph_colouring", {"nodes": 501, "edges": [[1, 2]]}),
    ("tsp", {"metric": "EUC_2D", "coordinates": [[i, 0] for i in range(40)]}),
    (
        "cvrp",
        {"metric": "EUC_2D", "coordinates": [[i, 0] for i in range(12)], "capacity": 20, "demands": [0, *[1] * 11]},
    ),
    ("job_shop", {"machines": 1, "jobs": [[[0, 400]], [[0, 300]], [[0, 500]]]}),
    ("bin_packing", {"capacity": 20, "sizes": [1] * 12}),
    ("number_partitioning", {"numbers": [1] * 1001}),
    ("assignment", {"costs": [[1] * 32] * 32}),
    ("generalised_assignment", {"profits": [[1] * 501] * 2, "weights": [[1] * 501] * 2, "capacities": [501, 501]}),
    ("quadratic_assignment", {"flows": [[1] * 32] * 32, "distances": [[1] * 32] * 32}),
    ("multi_knapsack", {"capacities": [5], "profits": [1] * 1001, "weights": [[1] * 1001]}),
    ("quadratic_knapsack", {"capacity": 5, "profits": [1] * 1001, "weights": [1] * 1001, "pairs": []}),
]


@pytest.mark.parametrize(("name", "data"), LARGE)
def test_a_problem_of_too_many_qubits_is_not_encoded(name: str, data: dict[str, Any]) -> None:
    kind = optimisation_of(name)
    statement = kind.parse(data)

    with pytest.raises(TooManyQubits) as refused:
        kind.encoding(statement)

    assert "classical lane" in refused.value.remedy
    assert kind.size(statement).qubits > 1000


def test_reading_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from queuebit_problems.files import read_problem\n"
        "try:\n    read_problem('hello world', file_name='x')\n"
        "except Exception as error:\n    print(type(error).__name__)\n"
        "print([name for name in ('numpy', 'ortools', 'scipy', 'qiskit') if name in sys.modules])\n"
    )

    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert found.stdout.split("\n")[:2] == ["UnreadableFile", "[]"]
