"""What published files do beyond their format's letter is read as it is meant, or refused where it means more than is known."""

from __future__ import annotations

from typing import Any

import pytest

from queuebit_problems.errors import UnreadableFile
from queuebit_problems.files import read_problem
from queuebit_problems.kind import Params
from tests.unit.problems.field_files import GRAPH, MATRIX, TRIANGLE, TSP, VRP

SAME: list[tuple[str, str, str, str]] = [
    ("no EOF", "a.tsp", TSP, TSP.replace("EOF\n", "")),
    ("eof in small letters", "a.tsp", TSP, TSP.replace("EOF", "eof")),
    ("anything after EOF", "a.tsp", TSP, TSP + "1 2 3\nhello\n"),
    ("tabs and spaces before colons", "a.tsp", TSP, TSP.replace(": ", "\t:\t")),
    ("no space after a colon", "a.tsp", TSP, TSP.replace(": ", ":")),
    ("keys in small letters", "a.tsp", TSP, TSP.replace("DIMENSION", "Dimension")),
    ("a colon after the name of a section", "a.tsp", TSP, TSP.replace("_SECTION", "_SECTION :")),
    ("indented lines", "a.tsp", TSP, TSP.replace("\n", "\n   ")),
    ("exponents", "a.tsp", TSP, TSP.replace("2 0 3", "2 0.000e+00 3.00000e+00")),
    ("several comments with colons", "a.tsp", TSP, TSP.replace("TYPE", "COMMENT: x : y\nCOMMENT: z\nTYPE", 1)),
    ("a type with an author", "a.tsp", TSP, TSP.replace("TYPE: TSP", "TYPE: TSP (M.~Hofmeister)")),
    ("how to display it", "a.tsp", TSP, TSP.replace("NODE_C", "DISPLAY_DATA_TYPE: COORD_DISPLAY\nNODE_C")),
    ("nodes in any order", "a.tsp", TSP, TSP.replace("1 0 0\n2 0 3\n", "2 0 3\n1 0 0\n")),
    ("coordinates only for display", "a.tsp", TRIANGLE.replace("DISPLAY_DATA_SECTION\n1 0 0\n2 0 3\n3 4 0\n", ""), TRIANGLE),
    ("a matrix in one line", "a.atsp", MATRIX, MATRIX.replace("2\n3", "2 3").replace("4\n5", "4 5")),
    ("a matrix a number a line", "a.atsp", MATRIX, MATRIX.replace("9 1 2\n3 9 4\n5 6 9", "9\n1\n2\n3\n9\n4\n5\n6\n9")),
    ("no -1 after the depot", "a.vrp", VRP, VRP.replace("1\n-1\n", "1\n")),
    ("the depot in one line", "a.vrp", VRP, VRP.replace("1\n-1\n", " 1 -1\n")),
    ("limits that do not bind", "a.vrp", VRP, VRP.replace("NODE_C", "DISTANCE : 0\nSERVICE_TIME : 0\nNODE_C")),
    ("p col", "a.col", GRAPH, GRAPH.replace("p edge", "p col")),
    ("comments between edges", "a.clq", GRAPH, GRAPH.replace("e 2 3", "c here\nc\ne 2 3")),
    ("lines of nodes", "a.col", GRAPH, GRAPH.replace("e 1 2\n", "n 1 1\ne 1 2\n")),
    ("each edge in both directions", "a.col", GRAPH,
     GRAPH.replace("5 5", "5 10") + "".join(f"e {v} {u}\n" for u, v in [(1, 2), (1, 3), (2, 3), (3, 4), (4, 5)])),
]  # fmt: skip


@pytest.mark.parametrize(("name", "plain", "text"), [row[1:] for row in SAME], ids=[row[0] for row in SAME])
def test_a_quirk_means_the_same(name: str, plain: str, text: str) -> None:
    assert read_problem(text, file_name=name) == read_problem(plain, file_name=name)


MORE: list[tuple[str, str, str, int | None, str]] = [
    ("fixed edges", "a.tsp", TSP.replace("EOF", "FIXED_EDGES_SECTION\n1 2\n-1\nEOF"), 9, "fixes edges of the tour"),
    ("two dimensions", "a.tsp", TSP.replace("TYPE", "DIMENSION: 4\nTYPE", 1), 4, "DIMENSION is '4' already in line 2"),
    ("a metric of crystals", "a.tsp", TSP.replace("EUC_2D", "XRAY2"), 4, "EDGE_WEIGHT_TYPE should be one of"),
    ("three dimensions", "a.tsp", TSP.replace("EUC_2D", "EUC_3D"), 4, "EDGE_WEIGHT_TYPE should be one of"),
    ("another problem", "a.tsp", TSP.replace("TYPE: TSP", "TYPE: SOP"), 2, "TYPE should be TSP or ATSP, not 'SOP'"),
    (
        "routes of limited length",
        "a.vrp",
        VRP.replace("NODE_C", "DISTANCE : 200\nNODE_C"),
        7,
        "limits the length of routes",
    ),
    (
        "time windows",
        "a.vrp",
        VRP.replace("EOF", "TIME_WINDOW_SECTION\n1 0 9\nEOF"),
        20,
        "when each node may be visited",
    ),
    (
        "a matrix that is too large",
        "a.tsp",
        MATRIX.replace("DIMENSION: 3", "DIMENSION: 1400"),
        6,
        "a matrix of 1400 nodes has more",
    ),
    ("two depots", "a.vrp", VRP.replace("1\n-1\n", "1\n2\n-1\n"), 17, "the depot should be node 1 alone"),
    ("nodes from 0", "a.col", GRAPH.replace("e 1 2", "e 0 2"), 3, "a node should be a whole number from 1 to 5"),
    ("weights in some lines only", "g.rud", "3 2\n1 2 5\n2 3\n", 3, "an edge should have 3 numbers, not 2"),
    ("weights without a count", "g.rud", "3\n0 1 5\n", 2, "an edge should have 2 numbers, not 3"),
]


@pytest.mark.parametrize(("name", "text", "line", "said"), [row[1:] for row in MORE], ids=[row[0] for row in MORE])
def test_what_means_more_than_is_known_is_refused(name: str, text: str, line: int | None, said: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read_problem(text, file_name=name)

    assert (said in refused.value.detail, refused.value.line) == (True, line)


NAMES: list[tuple[str, Params | None, int | None]] = [
    *((f"{letter}-n4-k2", None, 2) for letter in "ABEFMP"),
    ("X-n4-k2", None, None),
    ("CMT1", None, None),
    ("A-n4-k2", {"vehicles": 3}, 3),
    ("X-n4-k2", {"vehicles": 2}, 2),
    ("A-n4-k9999999999", None, None),
]


@pytest.mark.parametrize(("name", "params", "vehicles"), NAMES)
def test_the_set_decides_whether_its_k_limits_the_routes(
    name: str, params: Params | None, vehicles: int | None
) -> None:
    text = VRP.replace("A-n4-k2", name)

    assert read_problem(text, params=params).statement["vehicles"] == vehicles


def test_a_header_line_and_a_comment_limit_the_routes() -> None:
    stated = VRP.replace("A-n4-k2", "own").replace("CAPACITY", "VEHICLES : 3\nCAPACITY")
    derived = VRP.replace("A-n4-k2", "A-n32-k5_first4").replace("(two trucks)", "first nodes; at most 2 vehicles")

    assert read_problem(stated).statement["vehicles"] == 3
    assert read_problem(derived).statement["vehicles"] == 2


SEVERAL: list[tuple[str, str, str, list[Any]]] = [
    ("multi_knapsack", "2\n 2 1 0\n 5 6\n 1 2\n 2\n 1 2 9\n 5\n 1\n 3\n 8 7\n", "capacities", [[2], [8, 7]]),
    (
        "generalised_assignment",
        "2\n 1 2\n 5 6\n 1 2\n 10\n 2 1\n 6\n 7\n 1\n 2\n 20 30\n",
        "capacities",
        [[10], [20, 30]],
    ),
    ("bin_packing", "2\n t60_00\n 100.0 3 2\n 49.5\n 30.0\n20.5\n t60_01\n 50 1 1\n 50\n", "capacity", [100, 50]),
    ("qubo", "2\n2 1\n1 1 5\n3 1\n1 3 -3\n", "variables", [2, 3]),
]


@pytest.mark.parametrize(("kind", "text", "key", "values"), SEVERAL)
def test_one_of_several_problems_is_chosen_by_its_number(kind: str, text: str, key: str, values: list[Any]) -> None:
    found = [read_problem(text, kind=kind, params={"problem": number}).statement[key] for number in (1, 2)]

    assert found == values
    assert read_problem(text, params={"problem": 1}).kind == kind
    for number in (0, 3, "1", True):
        with pytest.raises(UnreadableFile, match="should be a whole number from 1 to 2"):
            read_problem(text, kind=kind, params={"problem": number})


def test_returns_find_their_correlations_beside_them() -> None:
    def beside(name: str) -> str | None:
        return {"x_correlation.txt": "1 1 1\n1 2 0.5\n2 2 1\n"}.get(name)

    returns = "1 0.1 0.2\n2 0.2 0.3\n"
    plain = read_problem(returns, file_name="x_return_sd.txt", beside=beside).statement
    asked = read_problem(returns, file_name="x_return_sd.txt", beside=beside, params={"min_return": 0.15}).statement

    assert (plain["min_return"], plain["budget"], plain["correlations"]) == (None, None, [[], [0.5]])
    assert asked == {**plain, "min_return": 0.15}
    with pytest.raises(UnreadableFile, match=r"X_correlation\.txt beside it"):
        read_problem(returns, file_name="y_return_sd.txt", beside=beside)


def test_numbers_to_divide_stand_one_a_line() -> None:
    assert read_problem("# four\n3\n1.5\n\n2\n", kind="number_partitioning").statement == {"numbers": [3, 1.5, 2]}
