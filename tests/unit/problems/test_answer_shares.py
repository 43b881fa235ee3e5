"""What every kind tells of an answer: its parts add up to the objective exactly, and what is shown is bounded."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queuebit_contracts import shares as told
from queuebit_contracts.shares import ROOMS_MAX, TERMS_MAX
from queuebit_problems.kind import Answer
from queuebit_problems.numeric import number
from queuebit_problems.optimisation import Optimisation
from queuebit_problems.registry import optimisation_of, usable_kinds
from queuebit_problems.shares import NAME_MAX, Part, Room, Shares, shown
from tests.unit.problems.every_field import FIELDS
from tests.unit.problems.fields import Field
from tests.unit.problems.statements import Case, all_answers, cases

few = settings(max_examples=15, deadline=None)


def _hold(kind: Optimisation[Any], statement: Any, answer: Answer) -> None:
    """The promise of `Optimisation.shares`, for any readable answer."""
    shares = kind.shares(statement, answer)
    assert shares is not None
    assert number(shares.total) == kind.objective(statement, answer)

    few_of_them = shown(shares)

    assert number(sum(map(_exact, few_of_them.parts), start=Fraction(0))) == pytest.approx(
        kind.objective(statement, answer), rel=1e-12, abs=1e-12
    )
    for part in few_of_them.parts:
        assert len(part.terms) <= TERMS_MAX
        assert sum(term.amount for term in part.terms) + part.others == pytest.approx(part.amount, rel=1e-12, abs=1e-9)
    assert len(few_of_them.rooms) == min(ROOMS_MAX, few_of_them.rooms_count)
    if not kind.violations(statement, answer):
        assert all(room.left >= -1e-9 * max(1, abs(room.limit)) for room in few_of_them.rooms)


def _exact(part: told.Part) -> Fraction:
    return Fraction(repr(part.amount))


@pytest.mark.parametrize("field", FIELDS, ids=[field.name for field in FIELDS])
@few
@given(draw=st.data())
def test_parts_add_up_to_the_objective(field: Field, draw: st.DataObject) -> None:
    data = draw.draw(field.statements)
    kind, statement = field.kind, field.kind.parse(data)

    for answer in field.answers(data):
        _hold(kind.as_stated(statement), statement, answer)


@few
@given(cases)
def test_parts_of_the_first_kinds_add_up_too(case: Case) -> None:
    kind, statement, _ = case

    for answer in all_answers(kind, statement):
        _hold(kind, statement, answer)


@pytest.mark.parametrize(
    "kind", [each for each in usable_kinds() if isinstance(each, Optimisation)], ids=lambda k: k.name
)
def test_every_kind_with_an_objective_tells_its_shares(kind: Optimisation[Any]) -> None:
    statement = kind.example()
    answer = kind.heuristic(statement, 0)
    assert answer is not None

    _hold(kind.as_stated(statement), statement, answer)


def test_a_portfolio_of_weights_tells_variances_and_what_it_returns_beyond_what_it_must() -> None:
    kind = optimisation_of("portfolio")
    statement = kind.parse({"expected_returns": [0.1, 0.2], "covariances": [[0.04, 0], [0, 0.09]], "min_return": 0.12})

    shares = shown(_told(kind, statement, {"weights": [0.5, 0.5]}))

    assert shares == told.Shares(
        parts=(
            told.Part(
                name="risk",
                amount=0.0325,
                count=2,
                terms=(told.Term(name="asset 1", amount=0.0225), told.Term(name="asset 0", amount=0.01)),
            ),
        ),
        rooms=(told.Room(name="return", used=0.15, limit=0.12, left=0.03),),
        rooms_count=1,
    )


def test_a_schedule_tells_what_its_end_waits_for_and_when_nothing_does() -> None:
    kind = optimisation_of("job_shop")
    statement = kind.parse({"machines": 2, "jobs": [[[0, 3], [1, 2]], [[1, 4]]]})

    shares = shown(_told(kind, statement, {"start": [[0, 5], [0]]}))

    assert shares == told.Shares(
        parts=(
            told.Part(
                name="critical path",
                amount=6,
                count=2,
                terms=(
                    told.Term(name="job 1 on machine 1", amount=4),
                    told.Term(name="job 0 on machine 1", amount=2),
                ),
            ),
            told.Part(name="idle", amount=1, count=1, terms=(told.Term(name="from 4 to 5", amount=1),)),
        ),
        rooms=(
            told.Room(name="machine 1", used=6, limit=7, left=1),
            told.Room(name="machine 0", used=3, limit=7, left=4),
        ),
        rooms_count=2,
    )


def test_routes_in_time_windows_tell_lengths_loads_and_lateness() -> None:
    kind = optimisation_of("vrptw")
    statement = kind.parse(
        {
            "coordinates": [[0, 0], [3, 4], [6, 8]],
            "capacity": 10,
            "demands": [0, 4, 5],
            "windows": [[0, 100], [0, 7], [0, 50]],
            "service": [0, 1, 1],
            "vehicles": 2,
        }
    )

    shares = shown(_told(kind, statement, {"routes": [[2, 3]]}))

    assert (shares.parts[0].terms, shares.rooms_count) == ((told.Term(name="route 0: 2 customers", amount=20),), 5)
    assert {room.name: room.left for room in shares.rooms} == {
        "route 0: load": 1,
        "routes": 1,
        "route 0: node 2 in time": 2,
        "route 0: node 3 in time": 39,
        "route 0: node 1 in time": 78,
    }


def test_a_program_tells_offset_variables_products_and_its_inequalities() -> None:
    kind = optimisation_of("binary_program")
    statement = kind.parse(
        {
            "variables": [{"name": "a"}, {"name": "b", "upper": 5}],
            "linear": [["a", 2], ["b", 1.5]],
            "quadratic": [["a", "b", -1]],
            "offset": 10,
            "constraints": [
                {"name": "most", "terms": [["a", 1], ["b", 2]], "upper": 9},
                {"terms": [["b", 1]], "lower": 2, "upper": 5},
                {"terms": [["a", 1]], "lower": 1, "upper": 1},
            ],
        }
    )

    shares = shown(_told(kind, statement, {"values": {"a": 1, "b": 3}}))

    assert [(part.name, part.amount, part.count) for part in shares.parts] == [
        ("offset", 10, 1),
        ("linear terms", 6.5, 2),
        ("quadratic terms", -3, 1),
    ]
    assert shares.parts[1].terms == (told.Term(name="b", amount=4.5), told.Term(name="a", amount=2))
    assert shares.rooms == (
        told.Room(name="most", used=7, limit=9, left=2),
        told.Room(name="constraint 1", used=3, limit=2, left=1),
    )


def test_what_is_shown_is_bounded_however_many_there_are() -> None:
    many = Shares(
        (Part("ways", list(range(1000)), 1, str),), [Room(f"room {k}", 1000 - k, 1000, 1) for k in range(500)]
    )

    shares = shown(many)

    assert shares.parts[0].amount == sum(range(1000))
    assert [term.amount for term in shares.parts[0].terms] == list(range(999, 999 - TERMS_MAX, -1))
    assert shares.parts[0].others == sum(range(1000 - TERMS_MAX))
    assert [room.left for room in shares.rooms] == list(range(ROOMS_MAX))
    assert shares.rooms_count == 500


def test_what_is_shown_takes_a_few_kilobytes_however_long_names_are() -> None:
    long = "n" * 255
    terms = Part("terms", [1] * 50, 1, lambda k: f"{long} {k}")
    shares = shown(Shares((terms, terms, terms), [Room(long, 1, 2, 1)] * 50))

    assert shares.parts[0].terms[0].name == "n" * (NAME_MAX - 1) + "…"
    assert len(shares.model_dump_json()) < 6_000


def test_what_an_answer_breaks_has_less_than_nothing_left() -> None:
    kind = optimisation_of("knapsack")
    statement = kind.parse({"capacity": 3, "profits": [2, 3], "weights": [2, 4]})

    shares = shown(_told(kind, statement, {"take": [1, 1]}))

    assert shares.rooms == (told.Room(name="capacity", used=6, limit=3, left=-3),)


def _told(kind: Optimisation[Any], statement: Any, answer: Answer) -> Shares:
    shares = kind.shares(statement, answer)
    assert shares is not None
    return shares
