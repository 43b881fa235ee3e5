"""Standing probes: what is told as drift, how soon, and how seldom where nothing changes."""

from __future__ import annotations

import random
from datetime import timedelta
from statistics import mean

import pytest

from queuebit_quantum_adapter.backends.drifting import LIMIT, Chart, Drift, Probed, drift_of
from tests.unit.quantum_adapter.models import NOW

SHOTS = 500


def a_probe(hour: int, survived: int, shots: int = SHOTS) -> Probed:
    return Probed(NOW + timedelta(hours=hour), shots, survived)


def drawn(rng: random.Random, share: float) -> int:
    """A binomial number, by its normal approximation."""
    return round(min(SHOTS, max(0.0, rng.gauss(SHOTS * share, (SHOTS * share * (1 - share)) ** 0.5))))


def until_told(seed: int, share: float, *, change: float = 0.0, after: int = 0, at_most: int = 20_000) -> int:
    """How many probes it takes until drift is told, counted from the change."""
    rng, chart = random.Random(seed), Chart()
    for number in range(at_most):
        chart.add(a_probe(number, drawn(rng, share + (change if number >= after else 0.0))))
        drift = chart.drift
        assert drift is not None
        if drift.drifted and number >= after:
            return number - after + 1
    return at_most


def test_nothing_is_said_of_a_backend_that_was_never_probed_and_no_change_of_one_that_was_probed_a_few_times() -> None:
    assert drift_of([]) is None
    assert drift_of([a_probe(0, 0, shots=0)]) is None
    assert drift_of([a_probe(0, 450)]) == Drift(probes=1, last_at=NOW, survival=0.9)
    few = drift_of([a_probe(0, 450), a_probe(1, 100), a_probe(2, 300)])
    assert few == Drift(probes=3, last_at=NOW + timedelta(hours=2), survival=0.6, usual=0.55)


def test_a_fall_is_told_with_when_it_began() -> None:
    steady = [a_probe(hour, 450) for hour in range(20)]

    drift = drift_of([*steady, *(a_probe(20 + hour, 400) for hour in range(3))])

    assert drift is not None
    assert (drift.drifted, drift.since, drift.survival) == (True, NOW + timedelta(hours=20), 0.8)
    assert drift_of(steady) == Drift(probes=20, last_at=NOW + timedelta(hours=19), survival=0.9, usual=0.9)


def test_a_rise_is_told_too_and_a_new_level_becomes_the_usual_one() -> None:
    steady = [a_probe(hour, 400) for hour in range(20)]
    risen = [*steady, *(a_probe(20 + hour, 450) for hour in range(3))]

    told, long_after = drift_of(risen), drift_of([*risen, *(a_probe(23 + hour, 450) for hour in range(600))])

    assert told is not None
    assert told.drifted
    assert long_after is not None
    assert not long_after.drifted


@pytest.mark.parametrize("share", [0.87, 0.5])
def test_where_nothing_changes_it_is_told_once_in_some_465_probes(share: float) -> None:
    lengths = [until_told(seed, share) for seed in range(300)]

    assert LIMIT == 5.0
    assert 350 < mean(lengths) < 650


def test_a_change_of_one_standard_error_is_told_within_some_ten_probes() -> None:
    share = 0.87
    error = (share * (1 - share) / SHOTS) ** 0.5

    delays = [until_told(seed, share, change=-error, after=200) for seed in range(200)]

    assert mean(delays) < 15
