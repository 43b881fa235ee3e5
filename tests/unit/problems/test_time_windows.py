"""Solomon's files: read as published, solved to the published optimum, wrong ones told with their line."""

from __future__ import annotations

import pytest

from queuebit_classical_solver.ports import Limits, ignore_progress, never_stop
from queuebit_classical_solver.searches.routing_pyvrp import PyVrpSolver
from queuebit_problems.errors import UnreadableFile
from queuebit_problems.files import read_problem
from queuebit_problems.kind import Solution, Violation
from queuebit_problems.registry import optimisation_of, parse_optimisation
from tests.unit.problems.field_files import SOLOMON

C101_25 = """C101

VEHICLE
NUMBER     CAPACITY
  25         200

CUSTOMER
CUST NO.  XCOORD.   YCOORD.    DEMAND   READY TIME  DUE DATE   SERVICE   TIME

0 40 50 0 0 1236 0
1 45 68 10 912 967 90
2 45 70 30 825 870 90
3 42 66 10 65 146 90
4 42 68 10 727 782 90
5 42 65 10 15 67 90
6 40 69 20 621 702 90
7 40 66 20 170 225 90
8 38 68 20 255 324 90
9 38 70 10 534 605 90
10 35 66 10 357 410 90
11 35 69 10 448 505 90
12 25 85 20 652 721 90
13 22 75 30 30 92 90
14 22 85 10 567 620 90
15 20 80 40 384 429 90
16 20 85 40 475 528 90
17 18 75 20 99 148 90
18 15 75 20 179 254 90
19 15 80 10 278 345 90
20 30 50 10 10 73 90
21 30 52 20 914 965 90
22 28 52 20 812 883 90
23 28 55 10 732 777 90
24 25 50 10 65 144 90
25 25 52 40 169 224 90
"""
SOLUTION = """Route 1 : 5 3 7 8 10 11 9 6 4 2 1
Route 2 : 13 17 18 19 15 16 14 12
Route 3 : 20 24 25 23 22 21
Cost 191.3
"""


def test_c101_with_25_customers_has_its_published_optimum() -> None:
    """Given Solomon's C101.25, when PyVRP searches it, then it drives 191.3, published as optimal, in three routes."""
    kind, statement = parse_optimisation(read_problem(C101_25, file_name="c101.txt"))

    found = PyVrpSolver().solve(
        kind,
        statement,
        limits=Limits(100.0, 1, work_share=0.001),
        hint=None,
        on_progress=ignore_progress,
        stop=never_stop,
    )

    published = kind.solution(statement, SOLUTION)
    assert published is not None
    assert (kind.objective(statement, published.answer), published.claimed) == (191.3, 191.3)
    assert kind.violations(statement, published.answer) == []
    assert (found.objective, len(found.answer["routes"])) == (191.3, 3)


def test_unrounded_distances_are_what_is_asked_for() -> None:
    kind, statement = parse_optimisation(read_problem(C101_25, file_name="c101.txt", params={"rounding": "exact"}))

    published = kind.solution(statement, SOLUTION)

    assert published is not None
    assert kind.objective(statement, published.answer) == pytest.approx(191.81, abs=0.01)


def test_decimal_places_are_cut_off_exactly() -> None:
    """From 0.1 to 0.7 is 0.6, which floating point puts just below."""
    places = [[0.1, 0], [0.7, 0], [0.1, 1.999]]
    statement = optimisation_of("vrptw").parse(
        {"coordinates": places, "capacity": 1, "demands": [0, 1, 1], "windows": [[0, 99]] * 3, "service": [0, 0, 0]}
    )
    assert [distance * 10 // statement.unit for distance in statement.distances[0]] == [0, 6, 19]


def test_who_comes_too_late_is_told_by_how_much() -> None:
    kind, statement = parse_optimisation(read_problem(SOLOMON))

    assert kind.violations(statement, {"routes": [[2, 3], [4]]}) == [
        Violation("too_late", "route 0 is at node 3 at 21, after 15", 6)
    ]
    assert kind.solution(statement, "Route 1: 1\nRoute 2: 2 3\n") == Solution({"routes": [[2], [3, 4]]})


REFUSED = [
    (SOLOMON.replace(" 2 5\n", " 2 2\n"), None, "is more than the capacity 2"),
    (SOLOMON.replace(" 2 -3 4 3 0 15 5\n", " 2 -3 4 3 0 15\n"), 12, "a node should have 7 numbers, not 6"),
    (SOLOMON.replace(" 2 -3 4", " 4 -3 4"), 12, "the number of the node should be a whole number from 2 to 2"),
    (SOLOMON.replace("10 20 5", "10 9 5"), None, "closes before it opens, at 10"),
    (SOLOMON.split("CUSTOMER")[0], None, "where the block CUSTOMER should follow"),
]


@pytest.mark.parametrize(("text", "line", "detail"), REFUSED, ids=[row[2][:30] for row in REFUSED])
def test_a_wrong_file_is_told(text: str, line: int | None, detail: str) -> None:
    with pytest.raises(Exception, match=detail) as refused:
        read_problem(text, kind="vrptw")

    assert line is None or (isinstance(refused.value, UnreadableFile) and refused.value.line == line)


def test_windows_of_three_hundred_digits_are_looked_through_too() -> None:
    """Given no vehicle that is in time, when routes are sought in many orders, then there are none, and no error."""
    kind = optimisation_of("vrptw")
    statement = kind.parse(
        {
            "coordinates": [[0, 0], [9, 9], [9, -9]],
            "capacity": 5,
            "demands": [0, 1, 1],
            "windows": [[0, 1], [0, 1e-300], [0, 1]],
            "service": [0, 1, 1],
        }
    )

    assert kind.default_answer(statement) is None
