"""Planning again: changes cost what was said, pins hold, and what a kind cannot do is refused with those that can."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from queuebit_contracts.canonical import fingerprint
from queuebit_problems.encoding.qubo import exact
from queuebit_problems.errors import NotReplanned
from queuebit_problems.keeping.statement import KeepingStatement
from queuebit_problems.kind import Answer
from queuebit_problems.numeric import number
from queuebit_problems.optimisation import Optimisation
from queuebit_problems.registry import optimisation_of
from queuebit_problems.replanning import changes, costs_from, kept_to, replanned, without_costs
from tests.unit.problems.every_field import FIELDS
from tests.unit.problems.fields import Field

COMPARED = [field for field in FIELDS if type(field.kind).parts is not Optimisation.parts]
# Many small programs allow no answer, or what changes costs no fixed amount: of ten tries a few are left.
few = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
every_one = pytest.mark.parametrize("field", COMPARED, ids=[field.name for field in COMPARED])


def worth(kind: Optimisation[Any], statement: Any, answer: Answer) -> Fraction:
    return Fraction(exact(kind.objective(statement, answer)))


@every_one
@few
@given(draw=st.data())
def test_each_new_part_costs_what_was_said(field: Field, draw: st.DataObject) -> None:
    data = draw.draw(field.statements)
    statement = field.kind.parse(data)
    kind = field.kind.as_stated(statement)
    answers = [*field.answers(data)]
    fit = [each for each in answers if kind.violations(statement, each) == []]
    fit = [each for each in fit if kind.parts(statement, each) is not None]
    assume(fit)
    earlier, cost = draw.draw(st.sampled_from(fit)), draw.draw(st.sampled_from([1, 3, 0.25]))
    try:
        again = replanned(kind, statement, earlier, (), cost)
    except NotReplanned:
        # More than two values, or more than a job earns: told in tests of its own.
        assume(False)
        return

    kept = kind.as_stated(again)
    for answer in answers:
        found = changes(kind, statement, earlier, answer)
        assert found is not None
        sign = -1 if kind.sense == "max" else 1
        expected = worth(kind, statement, answer) + sign * Fraction(exact(cost)) * len(found.new)
        assert kept.objective(again, answer) == number(expected)
        assert (kept.violations(again, answer) == []) == (kind.violations(statement, answer) == [])


@every_one
@few
@given(draw=st.data())
def test_what_is_pinned_stands_in_every_feasible_answer(field: Field, draw: st.DataObject) -> None:
    data = draw.draw(field.statements)
    statement = field.kind.parse(data)
    kind = field.kind.as_stated(statement)
    answers = [*field.answers(data)]
    fit = [each for each in answers if kind.violations(statement, each) == [] and kind.parts(statement, each)]
    assume(fit)
    earlier = draw.draw(st.sampled_from(fit))
    parts = kind.parts(statement, earlier)
    assert parts
    pin = draw.draw(st.sampled_from(parts))
    if type(kind).pinned is Optimisation.pinned:
        with pytest.raises(NotReplanned, match="cannot be pinned"):
            replanned(kind, statement, earlier, [pin], None)
        return

    again = replanned(kind, statement, earlier, [pin], None)

    kept = kind.as_stated(again)
    for answer in answers:
        feasible = kind.violations(statement, answer) == []
        assert (kept.violations(again, answer) == []) == (feasible and pin in (kind.parts(statement, answer) or ()))
        if feasible:
            assert kept.objective(again, answer) == kind.objective(statement, answer)


@every_one
@few
@given(draw=st.data())
def test_a_plan_that_is_kept_twice_pays_for_the_last_change_alone(field: Field, draw: st.DataObject) -> None:
    """Given a question that was kept to a first answer, then what it costs to leave a second one takes the place of that."""
    data = draw.draw(field.statements)
    statement = field.kind.parse(data)
    kind = field.kind.as_stated(statement)
    answers = [*field.answers(data)]
    fit = [each for each in answers if kind.violations(statement, each) == [] and kind.parts(statement, each)]
    assume(fit)
    first, second = draw.draw(st.sampled_from(fit)), draw.draw(st.sampled_from(fit))
    asked = {"problem": {"kind": kind.name, "statement": statement.model_dump(mode="json")}, "labels": {"team": "a"}}
    try:
        once = kept_to(asked, first, of_job="first", change_cost=0.25)
        job = costs_from(once["labels"])
        cleared = once if job is None else without_costs(once, [second, first])
        twice = kept_to(cleared, second, of_job="second", change_cost=3)
    except NotReplanned:
        # More than two values, or more than a job earns: told in tests of its own.
        assume(False)
        return

    again = field.kind.parse(twice["problem"]["statement"])
    kept = field.kind.as_stated(again)
    for answer in answers[:: max(1, len(answers) // 100)]:
        found = changes(kind, statement, second, answer)
        assert found is not None
        sign = -1 if kind.sense == "max" else 1
        expected = float(worth(kind, statement, answer) + sign * 3 * len(found.new))
        assert kept.objective(again, answer) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    in_statement = isinstance(statement, KeepingStatement)
    assert job == (None if in_statement else "first")
    cost = {} if in_statement else {"replan_change_cost": f"3 from second {fingerprint(second)[:16]}"}
    assert twice["labels"] == {"team": "a", "replan_of": "second"} | cost


def test_two_costs_of_changes_in_one_statement_are_refused_and_pins_alone_keep_the_first() -> None:
    """Given no answer by which the first cost could be taken out."""
    kind = optimisation_of("generalised_assignment_cost")
    stated = {"costs": [[1, 2], [3, 1]], "weights": [[1, 1], [1, 1]], "capacities": [2, 2]}
    asked = {"problem": {"kind": kind.name, "statement": stated}}
    once = kept_to(asked, {"assigned_to": [0, 1]}, of_job="first", change_cost=2)

    with pytest.raises(NotReplanned, match=r"what a change costs \(2 from first \w+\)"):
        kept_to(once, {"assigned_to": [1, 0]}, of_job="second", change_cost=2)
    pinned = kept_to(once, {"assigned_to": [0, 1]}, of_job="second", pins=["job 0"])

    again = kind.parse(pinned["problem"]["statement"])
    assert kind.objective(again, {"assigned_to": [1, 0]}) == 2 + 3 + 2 * 2
    assert (costs_from(once["labels"]), costs_from(pinned["labels"]), costs_from({})) == ("first", "first", None)
    assert pinned["labels"]["replan_of"] == "second"
    better_since = {"assigned_to": [1, 0]}
    assert without_costs(once, [better_since, {"assigned_to": "none"}]) == once


def test_the_kinds_that_plans_are_compared_of() -> None:
    assert {field.name for field in COMPARED} == {
        "assignment", "bin_packing", "binary_program", "cvrp", "generalised_assignment", "generalised_assignment_cost",
        "graph_colouring", "job_shop", "portfolio", "tsp", "vrptw",
    }  # fmt: skip


def test_others_are_refused_with_those_that_can() -> None:
    kind = optimisation_of("maxcut")
    with pytest.raises(NotReplanned) as refused:
        replanned(kind, kind.example(), {"side": [0, 1, 0]}, (), 1)

    assert "generalised_assignment_cost" in refused.value.remedy
    assert changes(kind, kind.example(), {"side": [0]}, {"side": [1]}) is None


@pytest.mark.parametrize(
    ("pins", "cost", "n", "detail"),
    [
        (["c"], None, 2, "no part 'c'"),
        (["a=0"], None, 2, "no part 'a=0'"),
        ([], -1, 2, "cannot cost -1"),
        ([], 1, 2, "The variable n: takes more than two values"),
        (["n"], None, 4, "4 is not within 0 to 3 any more"),
    ],
)
def test_what_makes_no_sense_is_named(pins: list[str], cost: int | None, n: int, detail: str) -> None:
    kind = optimisation_of("binary_program")
    statement = kind.parse({"variables": [{"name": "a"}, {"name": "n", "upper": 3}], "linear": [["a", 1]]})

    with pytest.raises(NotReplanned, match=detail) as refused:
        replanned(kind, statement, {"values": {"a": 1, "n": n}}, pins, cost)

    assert refused.value.fields


def test_a_machine_that_broke_down_moves_its_jobs_and_no_others() -> None:
    """Four jobs at three agents; the second has no room any more. Staying is worth 3 a job, and job 3 must stay."""
    kind = optimisation_of("generalised_assignment_cost")
    earlier = {"assigned_to": [0, 1, 1, 2]}
    statement = kind.parse(
        {"costs": [[5, 6, 4, 3], [1, 1, 1, 9], [6, 5, 6, 8]], "weights": [[1] * 4] * 3, "capacities": [3, 0, 3]}
    )

    free = kind.enumerated(statement)
    again = replanned(kind, statement, earlier, ["job 3"], 3)
    kept = kind.enumerated(again)

    assert free is not None
    assert kept is not None
    assert free.answer == {"assigned_to": [0, 2, 0, 0]}
    assert kept.answer == {"assigned_to": [0, 2, 0, 2]}
    found = changes(kind, statement, earlier, kept.answer)
    assert found is not None
    assert (found.kept, found.new, found.gone) == (2, ("job 1=2", "job 2=0"), ("job 1=1", "job 2=1"))
    assert kept.objective == kind.objective(statement, kept.answer) + 2 * 3


def test_what_the_earlier_answer_says_of_what_is_no_more_does_not_count() -> None:
    kind = optimisation_of("tsp")
    smaller = kind.parse({"metric": "EUC_2D", "coordinates": [[0, 0], [3, 0], [3, 4]]})

    assert kind.parts(smaller, {"tour": [1, 2, 4, 3]}) == ["1 - 2", "1 - 3"]
    with pytest.raises(NotReplanned, match="no part ''"):
        replanned(kind, smaller, {"tour": [1, 2, 3]}, [""], None)


def test_bits_of_a_qubo_and_chosen_assets_cost_what_was_said() -> None:
    qubo, earlier = optimisation_of("qubo"), {"x": [1, 0, 1]}
    statement = qubo.parse({"variables": 3, "terms": [[0, 0, 1], [0, 1, -4], [1, 2, 2]], "offset": 0.5})
    again = replanned(qubo, statement, earlier, (), 2)

    for bits in product((0, 1), repeat=3):
        changed = sum(one != other for one, other in zip(bits, earlier["x"], strict=True))
        assert qubo.objective(again, {"x": bits}) == qubo.objective(statement, {"x": bits}) + 2 * changed
    with pytest.raises(NotReplanned, match="cannot be pinned"):
        replanned(qubo, statement, earlier, ["x0"], None)

    kind = optimisation_of("portfolio")
    weights = kind.parse({"expected_returns": [0.1, 0.2], "covariances": [[1, 0], [0, 1]]})
    with pytest.raises(NotReplanned, match="cannot be kept"):
        replanned(kind, weights, {"weights": [0.5, 0.5]}, (), 1)
