"""Plans kept to earlier ones where the statement carries these: measured against definitions that share no code with them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ortools.sat.python import cp_model

from queuebit_classical_solver.cascade.ladder import Ladder
from queuebit_classical_solver.cascade.rungs import rungs
from queuebit_classical_solver.cascade.stages import Stages
from queuebit_classical_solver.errors import ProvedInfeasible
from queuebit_classical_solver.ports import Limits, ignore_progress, never_stop
from queuebit_classical_solver.searches.infeasibility.refuting import refuted
from queuebit_problems.encoding.qubo import exact
from queuebit_problems.errors import InvalidStatement, TooManyQubits
from queuebit_problems.kind import Answer
from queuebit_problems.kinds.routing.chains import chains_of
from queuebit_problems.numeric import number
from queuebit_problems.optimisation import Optimisation
from queuebit_problems.registry import optimisation_of
from tests.unit.problems.every_field import FIELDS
from tests.unit.problems.fields import Data, Field


def _ways(data: Data, tours: Iterable[list[int]]) -> list[list[int]]:
    """The lower node first where both directions are as long."""
    ways = [[a, b] for tour in tours for a, b in pairwise(tour) if a != b]
    rows = data.get("distances") or []
    one_way = any(rows[i][j] != rows[j][i] for i in range(len(rows)) for j in range(i))
    return ways if one_way or "windows" in data else [sorted(way) for way in ways]


Parts = Callable[[Data, Answer], list[list[int]]]
PARTS: dict[str, Parts] = {
    "bin_packing": lambda _, answer: [[item, name] for item, name in enumerate(answer["bin"])],
    "graph_colouring": lambda _, answer: [[node, name] for node, name in enumerate(answer["colour"], 1)],
    "job_shop": lambda _, answer: [
        [j, k, time] for j, times in enumerate(answer["start"]) for k, time in enumerate(times)
    ],
    "vrptw": lambda data, answer: _ways(data, [[1, *route, 1] for route in answer["routes"]]),
    "cvrp": lambda data, answer: _ways(data, [[1, *route, 1] for route in answer["routes"]]),
    "tsp": lambda data, answer: _ways(data, [[*answer["tour"], *answer["tour"][:1]]]),
}
KEPT = [field for field in FIELDS if field.name in PARTS]
every_kept = pytest.mark.parametrize("field", KEPT, ids=[field.name for field in KEPT])
few = settings(max_examples=12, deadline=None)


def _work(data: Data) -> int:
    return sum(duration for job in data["jobs"] for _, duration in job)


def earlier_ones(data: Data, answers: list[Answer]) -> list[Answer]:
    """Those that plans may be kept to: of a job shop those whose operations begin within its work."""
    return [each for each in answers if "start" not in each or max(map(max, each["start"])) <= _work(data)]


def all_answers(field: Field, data: Data) -> list[Answer]:
    """Those of the field; of a job shop every time until all may be done after the last time of an earlier plan."""
    if field.name != "job_shop":
        return [*field.answers(data)]
    shape = [len(job) for job in data["jobs"]]
    latest = 2 * _work(data) + 2
    found = []
    for flat in product(range(latest + 1), repeat=sum(shape)):
        times = iter(flat)
        found.append({"start": [[next(times) for _ in range(count)] for count in shape]})
    return found


@st.composite
def tiny_shops(draw: st.DrawFn) -> Data:
    operation = st.tuples(st.integers(0, 1), st.integers(0, 2)).map(list)
    jobs = draw(st.sampled_from([(1, 1), (2, 1), (1, 1, 1)]))
    some = draw(st.sampled_from([None, None, st.none() | st.integers(0, 5)]))
    deadlines = {} if some is None else {"deadlines": [draw(some) for _ in jobs]}
    return {"machines": 2, "jobs": [[draw(operation) for _ in range(count)] for count in jobs], **deadlines}


def statements(field: Field) -> st.SearchStrategy[Data]:
    return tiny_shops() if field.name == "job_shop" else field.statements


def worth(field: Field, data: Data, keep: Data, answer: Answer) -> Fraction | None:
    """What a kept answer is worth by the words of the field; None where it is infeasible."""
    plain, parts = field.worth(data, answer), PARTS[field.name](data, answer)
    if any(
        due is not None and answer["start"][job][-1] + data["jobs"][job][-1][1] > due
        for job, due in enumerate(data.get("deadlines", ()))
    ):
        return None
    if plain is None or any(pin not in parts for pin in keep["pinned"]):
        return None
    return plain + Fraction(str(keep["change_cost"])) * sum(part not in keep["before"] for part in parts)


@st.composite
def kept(draw: st.DrawFn, field: Field) -> tuple[Data, Data, list[Answer]]:
    """A statement, what it is kept to, and all its answers."""
    data = draw(statements(field))
    answers = all_answers(field, data)
    earlier = draw(st.sampled_from(earlier_ones(data, answers)))
    parts = PARTS[field.name](data, earlier)
    # Where what changes cost is among the amounts, a plan without pins is one of the plain kind.
    fewest = 1 if field.name in ("tsp", "cvrp") else 0
    assume(len(parts) >= fewest)
    pins = draw(st.lists(st.sampled_from(parts), unique_by=tuple, min_size=fewest, max_size=2)) if parts else []
    cost = draw(st.sampled_from([0, 1, 0.25, 7]))
    return data, {"before": parts, "pinned": pins, "change_cost": cost}, answers


def parsed(field: Field, data: Data, keep: Data) -> tuple[Optimisation[Any], Any]:
    return parsed_by_name(field.name, data, keep)


def parsed_by_name(name: str, data: Data, keep: Data) -> tuple[Optimisation[Any], Any]:
    kind = optimisation_of(name)
    statement = kind.parse({**data, "keep": keep})
    return kind.as_stated(statement), statement


def least(worths: Iterable[Fraction | None]) -> Fraction | None:
    return min((each for each in worths if each is not None), default=None)


@every_kept
@few
@given(draw=st.data())
def test_objective_violations_and_shares_are_their_definitions(field: Field, draw: st.DataObject) -> None:
    data, keep, answers = draw.draw(kept(field))
    kind, statement = parsed(field, data, keep)

    for answer in answers[:: max(1, len(answers) // 200)]:
        expected = worth(field, data, keep, answer)
        shares = kind.shares(statement, answer)

        assert (kind.violations(statement, answer) == []) == (expected is not None)
        assert shares is not None
        assert number(shares.total) == kind.objective(statement, answer)
        if expected is not None:
            assert kind.objective(statement, answer) == number(expected)


@every_kept
@few
@given(draw=st.data())
def test_the_model_has_the_optimum_of_the_definition(field: Field, draw: st.DataObject) -> None:
    data, keep, answers = draw.draw(kept(field))
    kind, statement = parsed(field, data, keep)
    best = least(worth(field, data, keep, answer) for answer in answers)
    model = cp_model.CpModel()

    reading = kind.cp_model(statement, model)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = 20
    status = solver.solve(model)

    if best is None:
        assert status == cp_model.INFEASIBLE
        return
    assert (status, reading.error) == (cp_model.OPTIMAL, 0)
    answer = reading.answer(solver.value)
    assert (kind.answer_errors(statement, answer), kind.violations(statement, answer)) == ([], [])
    assert kind.objective(statement, answer) == number(best)
    assert number(round(solver.objective_value) * exact(reading.scale)) == number(best)
    assert reading.bound(solver.best_objective_bound, "min") == number(best)


@every_kept
@few
@given(draw=st.data())
def test_quick_answers_are_feasible_within_the_bound_and_solutions_of_the_model(
    field: Field, draw: st.DataObject
) -> None:
    data, keep, answers = draw.draw(kept(field))
    kind, statement = parsed(field, data, keep)
    best = least(worth(field, data, keep, answer) for answer in answers)
    quick, default = kind.heuristic(statement, 3), kind.default_answer(statement)
    improved = kind.improve(statement, answers[-1])

    assert kind.enumerated(statement) is None
    for answer in (each for each in (quick, default) if each is not None):
        assert best is not None
        assert kind.violations(statement, answer) == []
        assert kind.trivial_bound(statement) <= number(best) <= kind.objective(statement, answer)
        model = cp_model.CpModel()
        reading = kind.cp_model(statement, model)
        pairs = reading.hint(answer)
        for variable, value in pairs:
            model.add(variable == value)
        solver = cp_model.CpSolver()
        assert solver.solve(model) == cp_model.OPTIMAL
        if pairs:
            found = number(round(solver.objective_value) * exact(reading.scale))
            assert found == kind.objective(statement, answer)
    if kind.violations(statement, answers[-1]) == []:
        assert improved == answers[-1]
    assert kind.answer_errors(statement, improved) == []


@every_kept
@few
@given(draw=st.data())
def test_rows_never_forbid_what_has_an_answer(field: Field, draw: st.DataObject) -> None:
    data, keep, answers = draw.draw(kept(field))
    others = draw.draw(st.sampled_from(earlier_ones(data, answers)))
    pins = [*keep["pinned"], *PARTS[field.name](data, others)[:2]]
    kind, statement = parsed(field, data, {**keep, "pinned": pins})
    best = least(worth(field, data, {**keep, "pinned": pins}, answer) for answer in answers)
    rows = kind.named_rows(statement)

    assert rows is not None
    without = refuted(rows.ranges, rows.rows, math.inf, nodes_max=10**6)
    assert without == (best is None) if rows.complete else not (without and best is not None)


@every_kept
@settings(max_examples=4, deadline=None)
@given(draw=st.data())
def test_searches_that_know_the_kind_by_name_do_not_answer_another_question(field: Field, draw: st.DataObject) -> None:
    """Column generation would prove a number of bins, which is no bound on bins and changes together."""
    data, keep, answers = draw.draw(kept(field))
    kind, statement = parsed(field, data, keep)
    best = least(worth(field, data, keep, answer) for answer in answers)
    if best is None:
        return

    found = Ladder(Stages(rungs())).solve(
        kind, statement, limits=Limits(60.0, seed=1), hint=None, on_progress=ignore_progress, stop=never_stop
    )

    assert (found.objective, found.bound, found.proven_optimal) == (number(best), number(best), True)


@every_kept
def test_a_statement_without_an_earlier_plan_looks_as_it_did(field: Field) -> None:
    kind = field.kind
    example = kind.example().model_dump(mode="json")

    assert "keep" not in example
    assert kind.parse({**example, "keep": None}).model_dump(mode="json") == example
    assert kind.as_stated(kind.parse(example)) is kind


@every_kept
def test_what_no_plan_can_have_is_named(field: Field) -> None:
    kind = field.kind
    example = kind.example().model_dump(mode="json")

    for wrong in ([99, 1], [0, 10**16, 1], [2, 9, 0], [-1, 0], [1]):
        with pytest.raises(InvalidStatement) as refused:
            kind.parse({**example, "keep": {"pinned": [wrong]}})
        assert refused.value.fields[0].pointer.startswith("/problem/statement/keep/pinned/0")


@every_kept
def test_there_is_no_qubo_and_the_size_says_so(field: Field) -> None:
    example = field.kind.example().model_dump(mode="json")
    plain = field.kind.parse(example)
    earlier = field.kind.default_answer(plain)
    assert earlier is not None
    kind, statement = parsed(field, example, {"change_cost": 1, "pinned": PARTS[field.name](example, earlier)[:1]})

    with pytest.raises(TooManyQubits, match="kept to earlier ones, or to deadlines, have no QUBO"):
        kind.encoding(statement)
    assert kind.size(statement).qubits >= 10**6
    assert kind.assumptions(statement)[-1] == (
        "1 parts of an earlier plan are pinned, and each part that it had not costs 1 of the objective."
    )


def test_jobs_that_are_due_are_done_in_time_and_no_other_search_answers_them() -> None:
    """Two jobs on one machine: the longer one first is as short, and too late for the other."""
    kind = optimisation_of("job_shop")
    plain = {"machines": 1, "jobs": [[[0, 5]], [[0, 2]]]}
    due, never = (kind.parse({**plain, "deadlines": [None, last]}) for last in (2, 1))
    limits = Limits(60.0, seed=1)

    found = Ladder(Stages(rungs())).solve(
        kind.as_stated(due), due, limits=limits, hint=None, on_progress=ignore_progress, stop=never_stop
    )
    with pytest.raises(ProvedInfeasible, match="job 1 done by 1 allows none by itself"):
        Ladder(Stages(rungs())).solve(
            kind.as_stated(never), never, limits=limits, hint=None, on_progress=ignore_progress, stop=never_stop
        )

    assert (found.answer, found.objective, found.proven_optimal) == ({"start": [[2], [0]]}, 7, True)
    assert [each.code for each in kind.violations(due, {"start": [[0], [5]]})] == ["too_late"]
    assert kind.as_stated(due).default_answer(due) == {"start": [[2], [0]]}
    assert kind.as_stated(due).assumptions(due) == kind.assumptions(due)
    assert "deadlines" not in kind.parse({**plain, "deadlines": None}).model_dump(mode="json")
    with pytest.raises(InvalidStatement, match="one time for each of the 2 jobs, not 1"):
        kind.parse({**plain, "deadlines": [3]})


def test_so_many_colours_are_enough_or_none_are() -> None:
    """A ring of five nodes needs three colours, whatever searches it."""
    kind = optimisation_of("graph_colouring")
    ring = {"nodes": 5, "edges": [[1, 2], [2, 3], [3, 4], [4, 5], [1, 5]]}
    enough, few = (kind.parse({**ring, "colours": colours}) for colours in (3, 2))
    limits = Limits(60.0, seed=1)

    found = Ladder(Stages(rungs()), enumerated_variables_max=0).solve(
        kind, enough, limits=limits, hint=None, on_progress=ignore_progress, stop=never_stop
    )
    with pytest.raises(ProvedInfeasible, match=r"node 1 in one of 2 colours, .* allow none together"):
        Ladder(Stages(rungs())).solve(kind, few, limits=limits, hint=None, on_progress=ignore_progress, stop=never_stop)

    assert (found.objective, found.proven_optimal) == (3, True)
    assert [each.code for each in kind.violations(few, found.answer)] == ["too_many_colours"]
    assert (kind.heuristic(few, 1), kind.default_answer(few), kind.enumerated(few)) == (None, None, None)
    shares = kind.shares(enough, found.answer)
    assert shares is not None
    assert [(room.name, room.left) for room in shares.rooms] == [("colours", 0)]
    assert "colours" not in kind.parse({**ring, "colours": None}).model_dump(mode="json")


def test_large_packings_and_colourings_are_not_kept() -> None:
    many = {"capacity": 10, "sizes": [1] * 501, "keep": {"before": [[0, 0]]}}
    with pytest.raises(InvalidStatement, match="packings of more than 500 items"):
        optimisation_of("bin_packing").parse(many)
    with pytest.raises(InvalidStatement, match="colourings of more than 500 nodes"):
        optimisation_of("graph_colouring").parse({"nodes": 501, "edges": [], "keep": {"pinned": [[1, 0]]}})
    with pytest.raises(InvalidStatement, match="colourings of more than 500 nodes") as refused:
        optimisation_of("graph_colouring").parse({"nodes": 5_000, "edges": [], "keep": {"change_cost": 1}})
    assert [field.pointer for field in refused.value.fields] == ["/problem/statement/keep"]


MANY = range(60)
PAIRS = [[a + 1, b + 1] for b in MANY for a in range(b)]


@pytest.mark.parametrize(
    ("name", "data", "pins", "rows_count"),
    [
        ("graph_colouring", {"nodes": 60, "edges": PAIRS}, [[node + 1, min(node, 58)] for node in MANY], 60 + 60 + 1),
        ("job_shop", {"machines": 1, "jobs": [[[0, 1]] for _ in MANY]}, [[job, 0, 0] for job in MANY], 60 + 1000),
        ("tsp", {"distances": [[1] * 60] * 60}, PAIRS, len(PAIRS) + 60 + 100),
    ],
)
def test_what_is_pinned_is_told_in_few_rows(name: str, data: Data, pins: list[list[int]], rows_count: int) -> None:
    """The last two nodes of a complete graph in one colour, all operations at one time, and all ways between nodes."""
    kind, statement = parsed_by_name(name, data, {"pinned": pins})
    rows = kind.named_rows(statement)

    assert rows is not None
    assert (len(rows.ranges), len(rows.rows)) == (len(pins), rows_count)
    assert refuted(rows.ranges, rows.rows, math.inf)


def test_a_machine_that_is_late_moves_what_it_must_and_keeps_the_times_of_the_rest() -> None:
    """Operation 0 of job 0 takes 5 instead of 3. Starting at other times costs 2 each; job 2 was told its time."""
    kind = optimisation_of("job_shop")
    earlier = {"start": [[0, 3], [0, 3], [5]]}
    statement = kind.parse({"machines": 2, "jobs": [[[0, 5], [1, 2]], [[1, 3], [0, 2]], [[1, 1]]]})
    parts = kind.parts(statement, earlier)
    assert parts == [
        "job 0 operation 0=0", "job 0 operation 1=3", "job 1 operation 0=0", "job 1 operation 1=3", "job 2 operation 0=5",
    ]  # fmt: skip
    pinned = kind.pinned(statement, ["job 2 operation 0=5"])
    again = kind.parse(kind.with_change_cost(pinned, frozenset(parts), 2).model_dump(mode="json"))

    found = Ladder(Stages(rungs())).solve(
        kind.as_stated(again),
        again,
        limits=Limits(60.0, seed=1),
        hint=None,
        on_progress=ignore_progress,
        stop=never_stop,
    )

    assert (found.answer, found.objective, found.proven_optimal) == ({"start": [[0, 6], [0, 5], [5]]}, 8 + 2 * 2, True)


@pytest.mark.parametrize(
    ("ways", "symmetric", "chains"),
    [
        ([], True, [[0], [1], [2], [3]]),
        ([(0, 1), (1, 2)], False, [[0, 1, 2], [3]]),
        ([(0, 1), (2, 1)], True, [[2, 1, 0], [3]]),
        ([(0, 1), (2, 3), (0, 3)], True, [[1, 0, 3, 2]]),
        ([(0, 1), (2, 1)], False, None),
        ([(0, 1), (0, 2), (0, 3)], True, None),
        ([(0, 1), (1, 2), (0, 2)], True, None),
        ([(0, 7)], True, None),
    ],
)
def test_pinned_ways_make_chains(ways: list[tuple[int, int]], symmetric: bool, chains: list[list[int]] | None) -> None:
    assert chains_of(range(4), ways, symmetric=symmetric) == chains
