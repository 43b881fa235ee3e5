"""How often the gate is wrong, and how soon it is right: over thousands of made-up paths, looked at after every pair."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest

from queuebit_contracts.paths import GateSpec
from queuebit_domain.paths import evidence as e
from queuebit_domain.paths.gate import Gate, decided, folded, log_odds, log_threshold
from tests.unit.paths.batch import NEVER, differences, first, mean_odds, sign_odds
from tests.unit.paths.given import a_pair

SPEC = GateSpec()
HARM, SIGN, NONINF, SUPERIOR, SIGN_SUPERIOR, FUTILE = "harm", "sign", "noninf", "superior", "sign superior", "futile"


def crossings(kind: str, x: Any) -> Any:
    match kind:
        case "harm":
            return first(mean_odds(x, 0.0, +1), 0.01)
        case "sign":
            return first(sign_odds(x), 0.01)
        case "noninf":
            return first(mean_odds(x, 0.1, -1), 0.05)
        case "superior":
            return first(mean_odds(x, 0.0, -1), 0.05)
        case "sign superior":
            return first(sign_odds(-x), 0.05)
        case _:
            return first(mean_odds(x, -0.1, +1), 0.05)


def test_of_two_thousand_paths_without_an_effect_hardly_one_is_called_other_at_any_look() -> None:
    """The bar: 1,500 pairs each, looked at after every one; harm in at most 1.5 %, better in at most 6 %."""
    wrong = {HARM: 0, SIGN: 0, SUPERIOR: 0, SIGN_SUPERIOR: 0}
    either = 0
    for part in range(8):
        x = differences(100 + part, 250, 1500, 0.15, 0.15)
        found = {kind: crossings(kind, x) < NEVER for kind in wrong}
        wrong = {kind: count + int(found[kind].sum()) for kind, count in wrong.items()}
        either += int((found[HARM] | found[SIGN]).sum())

    assert {kind: round(count / 2000, 4) for kind, count in wrong.items() if kind in (HARM, SIGN)} == pytest.approx(
        {HARM: 0.0075, SIGN: 0.0075}, abs=0.0075
    )
    assert either / 2000 <= 0.02
    assert max(wrong[SUPERIOR], wrong[SIGN_SUPERIOR]) / 2000 <= 0.06


def test_whoever_peeks_with_a_test_that_is_made_for_one_look_is_wrong_every_third_time() -> None:
    x = differences(5, 400, 1500, 0.15, 0.15)
    n = np.arange(1, 1501)
    mean = np.cumsum(x, axis=1) / n
    spread = np.sqrt(np.maximum(np.cumsum(x**2, axis=1) / n - mean**2, 1e-12) / n)
    peeked = (mean / spread > 1.645)[:, 20:].any(axis=1)

    assert peeked.mean() > 0.25


GOLDEN = [
    ("equal", (0.15, 0.15), NONINF, 78, 161),
    ("equal", (0.15, 0.15), FUTILE, 73, 155),
    ("all ties", (0.0, 0.0), NONINF, 52, 52),
    ("all ties", (0.0, 0.0), FUTILE, 52, 52),
    ("worse 10/30", (0.10, 0.30), HARM, 160, 326),
    ("worse 10/30", (0.10, 0.30), SIGN, 84, 168),
    ("worse 10/30", (0.10, 0.30), FUTILE, 36, 60),
    ("worse 5/50", (0.05, 0.50), HARM, 51, 80),
    ("worse 5/50", (0.05, 0.50), SIGN, 25, 42),
    ("worse 5/50", (0.05, 0.50), FUTILE, 22, 32),
    ("better 30/10", (0.30, 0.10), NONINF, 34, 58),
    ("better 30/10", (0.30, 0.10), SUPERIOR, 102, 227),
    ("better 30/10", (0.30, 0.10), SIGN_SUPERIOR, 55, 137),
    ("better 50/5", (0.50, 0.05), NONINF, 21, 31),
    ("better 50/5", (0.50, 0.05), SUPERIOR, 36, 58),
    ("better 50/5", (0.50, 0.05), SIGN_SUPERIOR, 16, 30),
]


@pytest.mark.parametrize(("name", "effect", "kind", "median", "p90"), GOLDEN, ids=lambda each: str(each))
def test_the_pairs_that_a_verdict_takes_are_those_that_were_measured(
    name: str, effect: tuple[float, float], kind: str, median: int, p90: int
) -> None:
    found = crossings(kind, differences(7, 600, 600, *effect))

    assert np.median(found) == pytest.approx(median, rel=0.20)
    assert np.quantile(found, 0.9) == pytest.approx(p90, rel=0.20)


@pytest.mark.parametrize(("win", "loss", "min_gain"), [(0.50, 0.05, 0.01), (0.30, 0.10, 0.005)], ids=["50/5", "30/10"])
def test_of_a_thousand_good_paths_hardly_one_is_called_futile(win: float, loss: float, min_gain: float) -> None:
    """The bar: at least 95 of 100 are not given up, looked at after each of 600 pairs."""
    futile = 0
    for part in range(4):
        x = differences(300 + part, 250, 600, win, loss)
        futile += int((first(mean_odds(x, -min_gain / SPEC.clip, +1), SPEC.alpha_up) < NEVER).sum())

    assert futile / 1000 <= 0.05


def test_never_is_what_is_not_true_said_where_something_else_is() -> None:
    worse, better = differences(7, 600, 600, 0.05, 0.50), differences(7, 600, 600, 0.50, 0.05)

    assert [(crossings(kind, worse) < NEVER).mean() for kind in (NONINF, SUPERIOR)] == [0.0, 0.0]
    assert [(crossings(kind, better) < NEVER).mean() for kind in (HARM, SIGN, FUTILE)] == [0.0, 0.0, 0.0]


def test_the_fold_is_what_working_it_out_at_once_gives() -> None:
    """The same numbers by another way: the formulas over whole arrays, and the fold pair by pair."""
    for effect in ((0.3, 0.1), (0.1, 0.3), (0.0, 0.0)):
        (x,) = differences(11, 1, 300, *effect)
        gate = Gate()
        for nth, each in enumerate(x, start=1):
            gate = folded(gate, a_pair(nth, float(each) * SPEC.clip), SPEC)
        row = x[np.newaxis]

        assert log_odds(gate, "harm") == pytest.approx(float(mean_odds(row, 0.0, +1)[0, -1]))
        assert log_odds(gate, "sign_harm") == pytest.approx(float(sign_odds(row)[0, -1]))
        assert log_odds(gate, "non_inferior") == pytest.approx(float(mean_odds(row, 0.1, -1)[0, -1]))
        assert log_odds(gate, "superior") == pytest.approx(float(mean_odds(row, 0.0, -1)[0, -1]))
        assert log_odds(gate, "futile") == pytest.approx(float(mean_odds(row, -0.1, +1)[0, -1]))


def test_folding_the_same_pairs_again_gives_the_same_bits() -> None:
    pairs = [a_pair(nth, (nth * 7919 % 200 - 100) / 1000) for nth in range(1, 200)]

    def whole() -> Gate:
        gate = Gate()
        for pair in pairs:
            gate = folded(gate, pair, SPEC)
        return gate

    assert whole() == whole()


def test_without_a_failure_the_rate_is_bounded_and_with_many_it_is_broken() -> None:
    def pairs_until(limit: float, against: tuple[float, ...], odds: float, chance: random.Random, share: float) -> int:
        wealth = e.RATE_START
        for nth in range(1, 2000):
            wealth = e.rate(wealth, chance.random() < share, limit, against)
            if e.log_e(wealth) >= math.log(odds):
                return nth
        return NEVER

    chance = random.Random(3)
    breached = [pairs_until(0.01, e.MORE, 100.0, chance, 0.10) for _ in range(300)]

    assert pairs_until(0.05, e.FEWER, 20.0, chance, 0.0) == pytest.approx(73, rel=0.1)
    assert pairs_until(0.02, e.FEWER, 20.0, chance, 0.0) == pytest.approx(184, rel=0.1)
    assert np.median(breached) == pytest.approx(34, rel=0.2)
    assert np.quantile(breached, 0.9) == pytest.approx(85, rel=0.2)


def test_late_harm_is_noticed_by_the_guard_and_missed_by_wealth_that_was_spent() -> None:
    """A thousand good pairs, then ten of a hundred won and thirty lost."""
    noticed: list[int] = []
    plain = 0
    for seed in range(60):
        x = np.concatenate([differences(seed, 1, 1000, 0.5, 0.05)[0], differences(900 + seed, 1, 1500, 0.1, 0.3)[0]])
        guard = wealth = e.START
        found = NEVER
        for nth, each in enumerate(x):
            guard = e.guard(guard, float(each))
            wealth = e.bet(wealth, float(each), 0.0, +1)
            if found == NEVER and e.log_e(guard) >= log_threshold("regression", SPEC):
                found = nth - 1000
                break
        noticed.append(found)
        plain += bool(e.log_e(wealth) >= math.log(100))

    assert min(noticed) >= 0
    assert max(noticed) < NEVER
    assert np.median(noticed) == pytest.approx(321, rel=0.20)
    assert plain / 60 < 0.25


def test_the_guard_cries_no_wolf_over_thousands_of_pairs_without_an_effect() -> None:
    guard = e.START
    for each in differences(21, 1, 10_000, 0.15, 0.15)[0]:
        guard = e.guard(guard, float(each))

        assert e.log_e(guard) < log_threshold("regression", SPEC)


def test_a_draw_that_is_not_as_stated_is_found_and_a_fair_one_is_not() -> None:
    chance = random.Random(1)
    fair = [chance.random() < 0.1 for _ in range(20_000)]
    skewed = [chance.random() < 0.13 for _ in range(20_000)]

    def most(draws: list[bool]) -> float:
        taken, found = 0, float("-inf")
        for seen, each in enumerate(draws, start=1):
            taken += each
            found = max(found, e.ratio(taken, seen, 0.1 * seen))
        return found

    assert most(fair) < math.log(1000)
    assert most(skewed) > math.log(1000)


def test_what_a_pair_shows_is_said_once_with_its_numbers() -> None:
    before = Gate()
    for nth in range(1, 52):
        before = folded(before, a_pair(nth), SPEC)
    after = folded(before, a_pair(52), SPEC)
    told = decided(before, after, SPEC)

    assert [(each.hypothesis, each.pairs) for each in told] == [
        ("non_inferior", 52),
        ("futile", 52),
        ("futile_beside_placebo", 52),
    ]
    assert all(each.log_e >= each.log_threshold for each in told)
    assert decided(after, folded(after, a_pair(53), SPEC), SPEC) == []


def test_what_is_not_counted_moves_no_odds_and_is_drawn_all_the_same() -> None:
    once = folded(Gate(), a_pair(1, 0.05), SPEC)
    twice = folded(once, a_pair(2, 0.05, counted=False), SPEC)

    assert (twice.wealth, twice.pairs, twice.seen.taken) == (once.wealth, 1, 2)
