"""A proof that there is no answer is believed where a second way comes to the same; of programs the rows are named."""

from __future__ import annotations

import itertools
import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queuebit_classical_solver.errors import InvalidModel, NothingFound, ProvedInfeasible, SolverError
from queuebit_classical_solver.ports import Limits, ignore_progress, never_stop
from queuebit_classical_solver.searches.any_cp_sat import CpSatSolver
from queuebit_classical_solver.searches.infeasibility import believing
from queuebit_classical_solver.searches.infeasibility.refuting import PASSES_MAX, OutOfWork, conflict, refuted
from queuebit_contracts.jobs import Problem
from queuebit_problems.optimisation import Optimisation
from queuebit_problems.registry import parse_optimisation
from queuebit_problems.rows import Row
from tests.unit.problems.every_field import FIELDS
from tests.unit.problems.fields import Field

FOR_EVER = math.inf


def a_program(*constraints: dict[str, Any], variables: int = 3) -> Any:
    names = [{"name": f"x{nth}"} for nth in range(variables)]
    return {"variables": names, "linear": [[0, 1]], "constraints": list(constraints)}


def raised(kind: str, statement: dict[str, Any], budget_s: float = 300.0) -> SolverError:
    found, stated = parse_optimisation(Problem(kind=kind, statement=statement))
    with pytest.raises(SolverError) as caught:
        CpSatSolver().solve(
            found.as_stated(stated),
            stated,
            limits=Limits(budget_s, seed=1),
            hint=None,
            on_progress=ignore_progress,
            stop=never_stop,
        )
    return caught.value


IMPOSSIBLE = a_program(
    {"name": "loose", "terms": [[0, 1], [2, 1]], "upper": 2},
    {"name": "at least two", "terms": [[0, 1], [1, 1]], "lower": 2},
    {"name": "harmless", "terms": [[2, 1]], "upper": 1},
    {"terms": [[1, 1], [0, 2]], "upper": 2},
)
AGENTS = {"profits": [[1, 2, 3], [3, 4, 5]], "weights": [[3, 3, 3], [3, 3, 3]], "capacities": [5, 5]}


def test_the_rows_that_allow_no_answer_together_are_named_and_no_others() -> None:
    error = raised("binary_program", IMPOSSIBLE)

    assert isinstance(error, ProvedInfeasible)
    assert str(error) == (
        "No answer satisfies the constraints: at least two, the constraint 3 allow none together "
        f"({believing.cp_sat()}; and exact branching over these)."
    )


def test_of_other_kinds_another_solver_is_asked() -> None:
    """Given three pairs that the machine cannot do one after the other where they are pinned to leave no gap for the third."""
    error = raised("job_shop", NO_GAP)

    assert isinstance(error, ProvedInfeasible)
    assert str(error) == f"No answer satisfies the constraints ({believing.cp_sat()}; and {believing.highs()})."


def test_where_the_other_solver_has_no_time_cp_sat_is_asked_again_and_the_proof_says_so() -> None:
    error = raised("job_shop", NO_GAP, budget_s=2 * believing.HIGHS_S_MIN)

    assert isinstance(error, ProvedInfeasible)
    assert str(error) == (
        f"No answer satisfies the constraints ({believing.cp_sat()}, and again without presolve; no other solver said so "
        "in the time)."
    )


ROUTES: dict[str, Any] = {
    "coordinates": [[0, 0], [10, 0], [0, 10], [-10, 0], [0, -50]],
    "capacity": 10,
    "demands": [0, 1, 1, 1, 1],
    "windows": [[0, 100], [10, 12], [10, 12], [10, 12], [0, 100]],
    "service": [0, 5, 5, 5, 0],
    "vehicles": 2,
}
LOADS: dict[str, Any] = {
    "coordinates": [[0, 0], [1, 0], [2, 0], [3, 0], [4, 0]],
    "metric": "EUC_2D",
    "capacity": 10,
    "demands": [0, 6, 6, 6, 1],
}
CONFLICTS: dict[str, tuple[str, dict[str, Any], str]] = {
    "agents": (
        "generalised_assignment",
        AGENTS,
        "job 0 once, job 1 once, job 2 once, capacity of agent 0, capacity of agent 1 allow none together",
    ),
    "windows": (
        "vrptw",
        ROUTES,
        "node 2 by one of 2 vehicles, node 3 by one of 2 vehicles, node 4 by one of 2 vehicles, nodes 2 and 3 in time by one "
        "vehicle, nodes 2 and 4 in time by one vehicle, nodes 3 and 4 in time by one vehicle allow none together",
    ),
    "late": (
        "vrptw",
        {**ROUTES, "vehicles": 4, "windows": [*ROUTES["windows"][:4], [0, 49]]},
        "node 5 in time allows none by itself",
    ),
    "home": (
        "vrptw",
        {**ROUTES, "vehicles": 4, "windows": [[0, 60], *ROUTES["windows"][1:]]},
        "from node 5 back in time allows none by itself",
    ),
    "away": (
        "vrptw",
        {**ROUTES, "windows": [[0, 60], *ROUTES["windows"][1:4], [49, 49]], "vehicles": 4},
        "from node 5 back in time allows none by itself",
    ),
    "loads": (
        "cvrp",
        {**LOADS, "vehicles": 2},
        "node 2 by one of 2 vehicles, node 3 by one of 2 vehicles, node 4 by one of 2 vehicles, what a vehicle carries allow "
        "none together",
    ),
    "chains": (
        "vrptw",
        {**ROUTES, "vehicles": 4, "keep": {"pinned": [[1, 5], [2, 3]]}},
        "2 to 3 is pinned, from node 2 to 3 in time allow none together",
    ),
    "carried": (
        "cvrp",
        {**LOADS, "vehicles": 3, "keep": {"pinned": [[2, 5], [3, 5]]}},
        "2 - 5 is pinned, 3 - 5 is pinned, what a vehicle carries from node 3 to 2 allow none together",
    ),
    "fork": (
        "tsp",
        {
            "metric": "EUC_2D",
            "coordinates": [[0, 0], [1, 0], [2, 0], [3, 1]],
            "keep": {"pinned": [[1, 2], [1, 3], [1, 4]]},
        },
        "1 - 2 is pinned, 1 - 3 is pinned, 1 - 4 is pinned, node 1 is passed once allow none together",
    ),
    "one way": (
        "tsp",
        {"distances": [[0, 1, 2], [3, 0, 4], [5, 6, 0]], "keep": {"pinned": [[1, 2], [3, 2]]}},
        "1 to 2 is pinned, 3 to 2 is pinned, node 2 is reached once allow none together",
    ),
    "circle": (
        "tsp",
        {
            "metric": "EUC_2D",
            "coordinates": [[0, 0], [1, 0], [2, 0], [3, 1]],
            "keep": {"pinned": [[1, 2], [2, 3], [1, 3]]},
        },
        "1 - 2 is pinned, 1 - 3 is pinned, 2 - 3 is pinned, the ways 1 - 3, 1 - 2, 2 - 3 are no route allow none together",
    ),
    "few colours": (
        "graph_colouring",
        {"nodes": 5, "edges": [[1, 2], [1, 3], [2, 3], [3, 4], [4, 5], [1, 4], [2, 4]], "colours": 3},
        ", ".join(f"node {node} in one of 3 colours" for node in range(1, 5))
        + ", "
        + ", ".join(f"nodes {u} and {v} differ" for u, v in ((1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4)))
        + " allow none together",
    ),
    "bins": (
        "bin_packing",
        {"capacity": 10, "sizes": [6, 5, 4, 3], "keep": {"pinned": [[0, 1], [1, 1], [2, 0], [3, 1]]}},
        "item 0=1 is pinned, item 1=1 is pinned, capacity of bin 1 allow none together",
    ),
    "colours": (
        "graph_colouring",
        {"nodes": 3, "edges": [[1, 2], [2, 3]], "keep": {"pinned": [[1, 0], [2, 1], [3, 1]]}},
        "node 2=1 is pinned, node 3=1 is pinned, nodes 2 and 3 differ allow none together",
    ),
    "order": (
        "job_shop",
        {"machines": 3, "jobs": [[[0, 3], [1, 2], [2, 1]]], "keep": {"pinned": [[0, 0, 1], [0, 2, 5]]}},
        "job 0 operation 1 after operation 0, job 0 operation 2 after operation 1, job 0 operation 0=1 is pinned, job 0 "
        "operation 2=5 is pinned allow none together",
    ),
    "deadlines": (
        "job_shop",
        {"machines": 2, "jobs": [[[0, 3], [1, 2]], [[0, 4]], [[1, 1]]], "deadlines": [8, 6, 9]},
        "what machine 0 has to do for jobs due by 8 allows none by itself",
    ),
    "machine": (
        "job_shop",
        {"machines": 1, "jobs": [[[0, 3]], [[0, 3]]], "keep": {"pinned": [[0, 0, 0], [1, 0, 2]]}},
        "job 0 operation 0=0 and job 1 operation 0=2, both pinned, on machine 0 one at a time allows none by itself",
    ),
}
NO_GAP = {
    "machines": 2,
    "jobs": [[[0, 2]], [[0, 3], [1, 1]], [[1, 1]]],
    "keep": {"pinned": [[0, 0, 2], [1, 1, 4]]},
}


@pytest.mark.parametrize(("kind", "statement", "named"), CONFLICTS.values(), ids=CONFLICTS)
def test_what_allows_no_answer_together_is_named_in_the_words_of_the_field(
    kind: str, statement: dict[str, Any], named: str
) -> None:
    error = raised(kind, statement)

    assert isinstance(error, ProvedInfeasible)
    assert (
        str(error)
        == f"No answer satisfies the constraints: {named} ({believing.cp_sat()}; and exact branching over these)."
    )


STATING = [field for field in FIELDS if type(field.kind).named_rows is not Optimisation.named_rows]


@pytest.mark.parametrize("field", STATING, ids=[field.name for field in STATING])
@settings(max_examples=25, deadline=None)
@given(draw=st.data())
def test_rows_never_forbid_what_the_field_allows(field: Field, draw: st.DataObject) -> None:
    data = draw.draw(field.statements)
    statement = field.kind.parse(data)
    rows = field.kind.named_rows(statement)

    if rows is None:
        assert (field.name, "colours" in data) == ("graph_colouring", False)
        return
    assert len(rows.rows) == len(rows.names)
    without = refuted(rows.ranges, rows.rows, FOR_EVER, nodes_max=10**6)
    possible = field.best(data) is not None
    assert without == (not possible) if rows.complete else not (without and possible)


def test_rows_of_one_name_are_left_out_together() -> None:
    rows = [Row(((0, 1),), 2, None, 1, False), Row(((0, 1),), None, 1, 1, False), Row(((0, 1),), None, 0, 1, False)]

    assert conflict([(0, 5)], rows, FOR_EVER) == [0, 2]
    assert conflict([(0, 5)], rows, FOR_EVER, names=["least", "most", "most"]) == [0, 1, 2]


@pytest.mark.parametrize(
    ("kind", "statement"),
    [
        ("generalised_assignment", {"profits": [[1] * 60] * 90, "weights": [[1] * 60] * 90, "capacities": [1] * 90}),
        (
            "vrptw",
            {
                **ROUTES,
                "coordinates": [[0, 0]] * 201,
                "demands": [0] * 201,
                "windows": [[0, 9]] * 201,
                "service": [0] * 201,
            },
        ),
        ("cvrp", {"metric": "EUC_2D", "coordinates": [[0, 0]] * 101, "capacity": 1, "demands": [0] + [1] * 100}),
    ],
)
def test_what_would_be_too_much_is_not_stated(kind: str, statement: dict[str, Any]) -> None:
    found, stated = parse_optimisation(Problem(kind=kind, statement=statement))

    assert found.named_rows(stated) is None


def test_of_a_program_that_is_too_hard_to_branch_over_another_solver_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_hard(*_: Any) -> list[int]:
        raise OutOfWork

    monkeypatch.setattr(believing, "conflict", too_hard)
    assert f"({believing.cp_sat()}; and {believing.highs()})" in str(raised("binary_program", IMPOSSIBLE))


@pytest.mark.parametrize("kind", ["binary_program", "generalised_assignment"])
def test_a_proof_that_a_second_way_finds_wrong_is_none(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given CP-SAT that calls what has answers infeasible, then the model is reported as wrong, and nobody hears of a proof."""
    from ortools.sat.python import cp_model

    solve = cp_model.CpSolver.solve

    def wrong(solver: Any, model: Any, listener: Any = None) -> Any:
        found = solve(solver, model, listener)
        return cp_model.INFEASIBLE if solver.parameters.cp_model_presolve else found

    monkeypatch.setattr(cp_model.CpSolver, "solve", wrong)
    possible = {"binary_program": a_program(), "generalised_assignment": {**AGENTS, "capacities": [9, 9]}}
    assert isinstance(raised(kind, possible[kind]), InvalidModel)


def test_what_nothing_could_confirm_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    from ortools.sat.python import cp_model

    solve = cp_model.CpSolver.solve

    def lazy(solver: Any, model: Any, listener: Any = None) -> Any:
        return solve(solver, model, listener) if solver.parameters.cp_model_presolve else cp_model.UNKNOWN

    monkeypatch.setattr(cp_model.CpSolver, "solve", lazy)
    monkeypatch.setattr(believing, "proved_by_another", lambda *_: False)
    error = raised("job_shop", NO_GAP)

    assert isinstance(error, NothingFound)
    assert "not believed" in str(error)


@pytest.mark.parametrize("seed", range(60))
def test_branching_agrees_with_trying_everything_and_each_row_of_a_conflict_is_needed(seed: int) -> None:
    numbers = random.Random(seed)
    ranges = [(low, low + numbers.randint(0, 3)) for low in (numbers.randint(-2, 2) for _ in range(4))]
    rows = [_a_row(numbers) for _ in range(numbers.randint(1, 5))]

    def none_fits(some: list[Row]) -> bool:
        points = itertools.product(*(range(low, high + 1) for low, high in ranges))
        return not any(all(not row.missed(row.activity(point)) for row in some) for point in points)

    assert refuted(ranges, rows, FOR_EVER) == none_fits(rows)
    if none_fits(rows):
        places = conflict(ranges, rows, FOR_EVER)
        assert none_fits([rows[each] for each in places])
        assert all(not none_fits([rows[each] for each in places if each != one]) for one in places)
    else:
        with pytest.raises(ValueError, match="allow an answer"):
            conflict(ranges, rows, FOR_EVER)


def _a_row(numbers: random.Random) -> Row:
    terms = tuple((i, numbers.randint(-4, 4)) for i in numbers.sample(range(4), numbers.randint(1, 4)))
    lower, upper = sorted((numbers.randint(-12, 12), numbers.randint(-12, 12)))
    return Row(terms, lower if numbers.random() < 0.7 else None, upper if numbers.random() < 0.7 else None, 1, False)


def test_what_takes_more_work_than_is_given_is_not_known() -> None:
    odd = Row(tuple((i, 2) for i in range(30)), 31, 31, 1, False)

    with pytest.raises(OutOfWork):
        refuted([(0, 1)] * 30, [odd], FOR_EVER, nodes_max=10)
    with pytest.raises(OutOfWork):
        refuted([(0, 1)] * 30, [odd], FOR_EVER, lambda: True)


def a_chain(length: int) -> list[Row]:
    """Each pass over the rows fixes one variable more; in the last, two at once of which the first row allows one."""
    both, follow = [length, length + 1], [(length, length - 1), (length + 1, length - 1)]
    follow += [(k + 1, k) for k in reversed(range(length - 1))]
    rows = [Row(tuple((i, 1) for i in both), None, 1, 1, False)]
    rows += [Row(((then, 1), (first, -1)), 0, None, 1, False) for then, first in follow]
    return [*rows, Row(((0, 1),), 1, None, 1, False)]


@pytest.mark.parametrize("length", range(PASSES_MAX - 3, PASSES_MAX + 2))
def test_what_the_last_pass_fixes_is_held_against_all_rows(length: int) -> None:
    assert refuted([(0, 1)] * (length + 2), a_chain(length), FOR_EVER)


def test_who_wants_it_to_stop_is_asked_at_each_pass() -> None:
    asked = iter([False, False, True])

    with pytest.raises(OutOfWork):
        refuted([(0, 1)] * 22, a_chain(20), FOR_EVER, lambda: next(asked))
