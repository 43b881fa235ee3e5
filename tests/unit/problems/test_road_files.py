"""Lines of TSPLIB and VRPLIB files: read, known to change nothing, or refused by name; never passed over."""

from __future__ import annotations

import math
from itertools import permutations

import pytest

from queuebit_problems.errors import UnreadableFile
from queuebit_problems.files import read_problem
from queuebit_problems.registry import optimisation_of
from tests.unit.problems.field_files import MATRIX, TRIANGLE, TSP, VRP

HEADER = "NODE_COORD_SECTION"


def with_line(text: str, line: str) -> str:
    """The file with one more line at the end of its header."""
    return text.replace(HEADER, f"{line}\n{HEADER}", 1)


def with_section(text: str, lines: str) -> str:
    """The file with one more section at its end."""
    return text.replace("EOF", f"{lines}\nEOF")


HARMLESS = [
    "AUTHOR : somebody",
    "DATE : 2013",
    "SOURCE : a paper: its table",
    "OPTIMAL_VALUE : 784",
    "OPTIMUM : 784",
    "BEST_KNOWN : 784",
    "NODE_COORD_TYPE : TWOD_COORDS",
    "DISPLAY_DATA_TYPE : COORD_DISPLAY",
    "EDGE_WEIGHT_FORMAT : FUNCTION",
    "EDGE_DATA_FORMAT : EDGE_LIST",
    "COMMENT : once more",
    "COMMENT without a colon, http://a.b",
    "comment : in small letters",
]


@pytest.mark.parametrize("line", HARMLESS)
@pytest.mark.parametrize("text", [TSP, VRP], ids=["tsp", "vrp"])
def test_a_line_that_changes_nothing_is_read_past(text: str, line: str) -> None:
    assert read_problem(with_line(text, line)) == read_problem(text)


SAME = [
    ("a type in small letters", TSP, TSP.replace("TYPE: TSP", "TYPE: tsp")),
    ("a metric in small letters", TSP, TSP.replace("EUC_2D", "euc_2d")),
    ("a form in small letters", TRIANGLE, TRIANGLE.replace("LOWER_DIAG_ROW", "lower_diag_row")),
    ("an asymmetric type in small letters", MATRIX, MATRIX.replace("ATSP", "atsp")),
    ("a dimension without a colon", TSP, TSP.replace("DIMENSION: 3", "DIMENSION 3")),
    ("a metric without a colon", TSP, TSP.replace("EDGE_WEIGHT_TYPE: ", "EDGE_WEIGHT_TYPE ")),
    ("a type without a colon", VRP, VRP.replace("TYPE : CVRP", "type cvrp")),
    ("a capacity without a colon", VRP, VRP.replace("CAPACITY : 5", "CAPACITY\t5")),
    ("the same type twice", TSP, with_line(TSP, "TYPE: tsp")),
    ("a service time of 0.00", VRP, with_line(VRP, "SERVICE_TIME : 0.00")),
    ("a service time that nothing limits", VRP, with_line(VRP, "SERVICE_TIME : 10")),
    ("a distance of 0.000", VRP, with_line(VRP, "DISTANCE : 0.000\nSERVICE_TIME : 10.0")),
]


@pytest.mark.parametrize(("plain", "text"), [row[1:] for row in SAME], ids=[row[0] for row in SAME])
def test_the_same_in_other_words_is_the_same(plain: str, text: str) -> None:
    assert read_problem(text) == read_problem(plain)


UNKNOWN = "is not known to this kind; remove it if it does not limit the problem"
REFUSED: list[tuple[str, int, str]] = [
    (with_line(VRP, "MAX_DURATION : 7"), 7, f"MAX_DURATION {UNKNOWN}"),
    (with_line(VRP, "VEHICLES_MAX_DISTANCE : 7"), 7, f"VEHICLES_MAX_DISTANCE {UNKNOWN}"),
    (with_line(VRP, "MAX_DURATION 7"), 7, "not 'MAX_DURATION 7'"),
    (with_line(VRP, "VEHICLES MAX DISTANCE : 7"), 7, f"VEHICLES MAX DISTANCE {UNKNOWN}"),
    (with_line(VRP, "SALESMEN : 2"), 7, f"SALESMEN {UNKNOWN}"),
    (with_section(VRP, "PRIZE_SECTION\n1 0\n2 5"), 20, f"PRIZE_SECTION {UNKNOWN}"),
    (with_section(VRP, "LINEHAUL_SECTION\n2\n-1"), 20, f"LINEHAUL_SECTION {UNKNOWN}"),
    (with_section(VRP, "SERVICE_TIME_SECTION\n1 0\n2 5"), 20, f"SERVICE_TIME_SECTION {UNKNOWN}"),
    (with_section(VRP, "TIME_WINDOW_SECTION :\n1 0 9"), 20, "TIME_WINDOW_SECTION states when each node may be visited"),
    (with_section(VRP, "EDGE_WEIGHT_SECTION\n1 0 9"), 20, "EDGE_WEIGHT_SECTION contradicts EDGE_WEIGHT_TYPE"),
    (with_line(VRP, "DISTANCE : 200"), 7, "DISTANCE limits the length of routes"),
    (with_line(VRP, "DISTANCE : 0\nDISTANCE : 200"), 8, "DISTANCE is '0' already in line 7"),
    (with_line(VRP, "DISTANCE : far"), 7, "DISTANCE should be a number from 0"),
    (with_line(VRP, "SERVICE_TIME : 200\nDISTANCE : 200"), 8, "DISTANCE limits the length of routes"),
    (with_line(VRP, "SERVICE_TIME : some"), 7, "SERVICE_TIME should be a number from 0"),
    (VRP.replace("DEMAND_SECTION", "DEMAND_SECTION : 7"), 12, "nothing should follow DEMAND_SECTION in its line"),
    (with_line(TSP, "CAPACITY : 7"), 5, f"CAPACITY {UNKNOWN}"),
    (with_line(TSP, "SALESMEN : 2"), 5, f"SALESMEN {UNKNOWN}"),
    (with_section(TSP, "FIXED_EDGES_SECTION\n1 2\n-1"), 9, "FIXED_EDGES_SECTION fixes edges of the tour"),
    (with_section(TSP, "EDGE_DATA_SECTION\n1 2\n-1"), 9, f"EDGE_DATA_SECTION {UNKNOWN}"),
    (with_section(TSP, "DEMAND_SECTION\n1 0"), 9, f"DEMAND_SECTION {UNKNOWN}"),
]


@pytest.mark.parametrize(("text", "line", "said"), REFUSED, ids=[row[2][:40] for row in REFUSED])
def test_a_line_that_may_change_the_problem_is_refused_by_name(text: str, line: int, said: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read_problem(text)

    assert (said in refused.value.detail, refused.value.line) == (True, line)


def test_a_file_of_another_type_is_told_its_type_before_its_other_lines() -> None:
    text = with_section(TSP.replace("TYPE: TSP", "TYPE: HCP"), "EDGE_DATA_SECTION\n1 2\n-1")

    with pytest.raises(UnreadableFile, match="TYPE should be TSP or ATSP, not 'HCP'"):
        read_problem(text, kind="tsp")


@pytest.mark.parametrize("end", ["", "-1\n"])
def test_another_depot_is_refused_with_its_remedy(end: str) -> None:
    text = VRP.replace("1 0\n2 3\n3 4\n", "1 4\n2 3\n3 0\n").replace(
        "DEPOT_SECTION\n1\n-1\n", f"DEPOT_SECTION\n3\n{end}"
    )

    with pytest.raises(UnreadableFile) as refused:
        read_problem(text)

    detail = (
        "the depot should be node 1 alone, but DEPOT_SECTION names node 3; exchange the nodes 1 and 3 in every section"
    )
    assert (detail in refused.value.detail, refused.value.line) == (True, 17)


def test_answers_carry_the_numbers_of_the_file_in_whatever_order_it_lists_its_nodes() -> None:
    places = {4: (4, 3), 2: (0, 3), 1: (0, 0), 3: (4, 0)}
    demands = {3: 4, 1: 0, 4: 1, 2: 3}
    head, _ = VRP.split("1 0 0\n")
    text = head + "".join(f"{node} {x} {y}\n" for node, (x, y) in places.items()) + "DEMAND_SECTION\n"
    text += "".join(f"{node} {demand}\n" for node, demand in demands.items()) + "DEPOT_SECTION\n1\n-1\nEOF\n"

    def driven(routes: list[list[int]]) -> float:
        steps = [step for route in routes for step in zip([1, *route], [*route, 1], strict=True)]
        return sum(math.dist(places[u], places[v]) for u, v in steps)

    splits = [[list(order[:k]), list(order[k:])] for order in permutations((2, 3, 4)) for k in (1, 2)]
    feasible = [split for split in splits if all(sum(demands[node] for node in route) <= 5 for route in split)]
    kind, problem = optimisation_of("cvrp"), read_problem(text)
    statement = kind.parse(problem.statement)
    found = kind.enumerated(statement)

    assert found is not None
    assert problem == read_problem(VRP)
    assert kind.violations(statement, found.answer) == []
    assert found.objective == driven(found.answer["routes"]) == min(map(driven, feasible))
    assert [kind.objective(statement, {"routes": split}) for split in feasible] == [driven(split) for split in feasible]


def test_the_format_says_that_distances_are_rounded() -> None:
    assert "EUC_2D are rounded to integers" in optimisation_of("cvrp").formats[0]
