"""What a path is worth: the cost of a gain, when none is to be hoped for, and whether to go on."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from queuebit_contracts.jobs import Cost, Money
from queuebit_contracts.paths import PathPairRecorded
from queuebit_domain.paths.judging import exhausted, has_room, judge
from queuebit_domain.paths.report import report_of
from queuebit_domain.paths.state import Path
from queuebit_domain.paths.value import Value, amount_in, further, no_win_to_hope_for, too_dear, valued
from tests.unit.paths.given import T0, a_pair, a_path, hours, registered, then

REGISTERED = registered()
WIN = Money(amount="20", currency="EUR")


def after(*pairs: PathPairRecorded) -> Value:
    value = Value()
    for pair in pairs:
        value = valued(value, pair, REGISTERED, T0)
    return value


def daily(nth: int, difference: float, **changes: object) -> PathPairRecorded:
    return a_pair(nth, difference, planned_at=T0 + timedelta(days=nth), epoch=f"day {nth}", **changes)


def test_the_cost_of_a_gain_is_all_cost_over_gains_that_are_worth_something() -> None:
    lost = a_pair(4, 1.0, path_ok=False)
    value = after(a_pair(1, -0.02), a_pair(2, 0.0), a_pair(3, -0.001), lost, a_pair(5, -0.5, counted=False))

    assert (value.pairs, value.ties, value.wins, value.worst, value.best) == (4, 1, 1, 1.0, -0.02)
    assert value.gain == pytest.approx(0.021)
    assert value.per_win("EUR") == 2.5
    assert after(a_pair(1)).per_win("EUR") is None


def test_money_of_two_currencies_is_never_added_and_stops_the_measuring() -> None:
    mixed = a_pair(2, cost=Cost(amount="1", currency="USD"))
    path = then(a_path(), [a_pair(1), mixed])

    assert [str(amount_in(path.value.cost, currency)) for currency in ("EUR", "USD")] == ["0.50", "1"]
    assert "another currency" in (exhausted(path) or "")


def test_a_backend_that_tells_no_cost_uses_up_the_budget_at_the_highest_price() -> None:
    price = Money(amount="30", currency="EUR")
    silent = [a_pair(nth, 0.0, cost=Cost()) for nth in (1, 2, 3)]
    path = then(a_path(price_max=price), silent)
    free = then(a_path(price_max=price, lane="simulator"), silent)

    assert (path.value.cost, path.value.assumed, has_room(path, 0)) == (Cost(amount="90", currency="EUR"), 3, False)
    assert (free.value.cost, free.value.assumed, has_room(free, 0)) == (Cost(), 0, True)
    assert "is spent: 120" in (exhausted(then(path, [a_pair(4, 0.0, cost=Cost())])) or "")
    assert "nobody told that of 3 pairs" in report_of(path)


def test_without_a_gain_in_enough_pairs_none_is_to_be_hoped_for() -> None:
    """At 0.50 a pair and 10 a gain: 3.7 * 10 / 0.5 = 74 pairs."""
    assert [no_win_to_hope_for(pairs, 0, 0.5 * pairs, 10.0) for pairs in (73, 74, 75)] == [False, False, True]
    assert not no_win_to_hope_for(500, 1, 250.0, 10.0)
    assert not no_win_to_hope_for(500, 0, 0.0, 10.0)


def test_always_looking_the_rule_is_wrong_at_most_once_in_twenty() -> None:
    """A gain that is just worth its price comes at a rate of 1 in 20: to see none in 3.7 times twenty pairs must be rare."""
    wrong = 0
    for seed in range(1000):
        chance = Random(seed)
        wrong += all(chance.random() >= 0.05 for _ in range(75))

    assert wrong / 1000 <= 0.05


def test_two_dear_windows_in_a_row_are_too_many_and_one_is_not() -> None:
    def path_of(days: int, gains: set[int]) -> Value:
        return after(*(daily(nth, -0.02 if nth in gains else 0.0) for nth in range(1, days)))

    both, one = path_of(60, {3, 40}), path_of(60, {3, *range(30, 60)})
    now = T0 + timedelta(days=60)

    assert too_dear(both, "EUR", 10.0, now, T0)
    assert not too_dear(one, "EUR", 10.0, now, T0)
    assert not too_dear(path_of(40, set()), "EUR", 10.0, T0 + timedelta(days=40), T0)


def test_a_path_that_costs_more_than_it_brings_is_proposed_for_retirement() -> None:
    path: Path = a_path(value_per_win=WIN)
    path = then(path, [daily(nth, 0.02 if nth % 2 else -0.005) for nth in range(1, 161)])
    found = judge(path, hours(24 * 161))

    assert found.word == "futile"
    assert any(text.startswith("No gain in 160 pairs") for text in found.why)


def test_further_pairs_are_worth_most_where_the_matter_is_open() -> None:
    open_ = after(
        *(a_pair(nth, -0.03 if nth % 2 else 0.0, cost=Cost(amount="30", currency="EUR")) for nth in range(1, 21))
    )
    settled = after(*(a_pair(nth, -0.03, cost=Cost(amount="1", currency="EUR")) for nth in range(1, 21)))
    asked = {"value_per_win": 20.0, "min_gain": 0.01, "block": 10}

    doubtful = further(open_, "EUR", ahead=1000, **asked)  # type: ignore[arg-type]
    few_left = further(open_, "EUR", ahead=10, **asked)  # type: ignore[arg-type]
    sure = further(settled, "EUR", ahead=1000, **asked)  # type: ignore[arg-type]

    assert doubtful is not None
    assert few_left is not None
    assert sure is not None
    assert (doubtful.pays, few_left.pays, sure.pays) == (True, False, False)
    assert (doubtful.price, sure.price) == (300.0, 10.0)
    assert further(Value(), "EUR", ahead=10, **asked) is None  # type: ignore[arg-type]
