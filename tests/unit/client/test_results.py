"""Outcomes looked at closely: shares with intervals, and two runs side by side with a distance that holds."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

import pytest

from queuebit_client.models import Attempt, Job
from queuebit_client.results.comparison import Comparison
from queuebit_client.results.distance import distance
from queuebit_client.results.histogram import Histogram, NoCounts, Outcome
from queuebit_contracts.intervals import wilson
from queuebit_contracts.jobs import Ran

AT = datetime(2026, 3, 1, tzinfo=UTC)
BELL = {"00": 500, "11": 480, "01": 20}


def a_job(nth: int, counts: dict[str, int] | None, **more: Any) -> Job:
    attempt_id = UUID(int=nth + 100)
    provenance = {
        "circuit_fingerprint": "ab" * 16, "shots": 1000, "seeds": {"job": nth}, "packages": {"qiskit": "2"},
        "calibrated_at": more.pop("calibrated_at", AT.isoformat()),
    }  # fmt: skip
    backend = more.pop("backend", "fake")
    said = {
        "type": "io.queuebit.ExecutionSucceeded.v1",
        "data": {"attempt_id": str(attempt_id), "ran": {"backend": backend}, "provenance": provenance},
    }
    target = {"target": {"circuits": [{"depth": more.pop("depth", 7), "gates_2q": 3, "gates_1q": 4, "success": 0.9}]}}
    attempt = Attempt(
        attempt_id=attempt_id, leg="l", lane="simulator", number=1, state="answered", queued_at=AT, evidence=target
    )
    return Job(
        id=UUID(int=nth), tenant="acme", state="completed", kind="circuit_sampling", tier="batch", lane="simulator",
        created_at=AT, updated_at=AT, version=7, answer=None if counts is None else {"counts": counts, "shots": 1000},
        ran=Ran(lane="simulator", method="m", backend=backend), attempts=(attempt,), events=(said,), **more,
    )  # fmt: skip


def rows(compared: Comparison) -> dict[str, tuple[str, str, str]]:
    return {row.name: (row.one, row.other, row.difference) for row in compared.rows}


def test_each_outcome_has_its_share_and_the_interval_that_wilson_gives_it() -> None:
    found = Histogram.of_job(a_job(1, BELL), top=2)

    assert found.outcomes == (
        Outcome("00", 500, 0.5, *wilson(0.5, 1000)),
        Outcome("11", 480, 0.48, *wilson(0.48, 1000)),
    )
    assert (found.shots, found.others, found.others_count) == (1000, 1, 20)
    assert "and 1 more, 20 times" in found.text()
    assert "0.5000 [0.4691, 0.5309]" in found.text()


def test_a_notebook_shows_text_and_a_picture_without_a_script() -> None:
    one, other = a_job(1, BELL), a_job(2, {"00": 1000})
    for shown in (Histogram.of_job(one), Comparison.of(one, other)):
        bundle = shown._repr_mimebundle_()

        assert bundle["text/plain"] == shown.text()
        root = ElementTree.fromstring(bundle["image/svg+xml"])  # noqa: S314 - our own picture
        assert root.tag.endswith("svg")
        assert not [each for each in root.iter() if each.tag.endswith("script")]


@pytest.mark.parametrize("counts", [None, {}, {"00": "many"}])
def test_a_job_without_counts_is_refused_with_what_to_do(counts: Any) -> None:
    with pytest.raises(NoCounts) as refused:
        Histogram.of_job(a_job(1, counts))

    assert "circuit_sampling" in refused.value.remedy


def test_two_runs_are_set_side_by_side() -> None:
    later = datetime(2026, 3, 1, 6, tzinfo=UTC)
    other = a_job(2, {"00": 100, "11": 100, "01": 800}, depth=9, calibrated_at=later.isoformat())

    compared = Comparison.of(a_job(1, BELL), other)

    found = rows(compared)
    assert found["depth"] == ("7", "9", "+2 (+28.6%)")
    assert found["two-qubit gates"] == ("3", "3", "")
    assert found["calibrated"] == (AT.isoformat(), later.isoformat(), "+6.0 h")
    assert found["circuit"] == ("ab" * 8, "ab" * 8, "")
    assert found["cost"] == ("0 USD", "0 USD", "")
    assert compared.verdict.startswith("The outcomes differ beyond shot noise")


def test_what_is_not_told_is_unknown_and_makes_no_difference() -> None:
    silent = a_job(2, None).model_copy(update={"events": (), "attempts": ()})

    compared = Comparison.of(a_job(1, BELL), silent)

    assert rows(compared)["depth"] == ("7", "unknown", "")
    assert compared.distance is None
    assert compared.document()["distance"] is None
    assert "cannot be compared" in compared.text()


def sampled(shares: dict[str, float], shots: int, seed: int) -> Counter[str]:
    return Counter(random.Random(seed).choices(list(shares), list(shares.values()), k=shots))


def test_the_interval_holds_the_true_distance_and_equal_distributions_are_not_told_apart() -> None:
    one = {f"{n:03b}": 1 / 8 for n in range(8)}
    other = {f"{n:03b}": (1 / 8 + (0.05 if n % 2 else -0.05)) for n in range(8)}
    seeds = range(60)

    apart = [distance(sampled(one, 2000, 2 * n), sampled(other, 2000, 2 * n + 1)) for n in seeds]
    same = [distance(sampled(one, 2000, 1000 + 2 * n), sampled(one, 500, 1001 + 2 * n)) for n in seeds]

    assert all(each.low <= 0.2 <= each.high for each in apart)
    assert all(each.differ for each in apart)
    assert not any(each.differ for each in same)
    assert sum(each.value for each in same) / len(same) == pytest.approx(sum(each.noise for each in same) / 60, rel=0.1)


def test_what_is_smaller_than_the_interval_excludes_is_told_apart_where_shots_do_not_account_for_it() -> None:
    """Given one outcome of a hundred that is noise, spread over many, as a device adds it."""
    ideal = {"000000": 0.5, "111111": 0.5}
    noisy = {f"{n:06b}": 0.04 / 62 for n in range(1, 63)} | {"000000": 0.48, "111111": 0.48}
    seeds = range(200)

    apart = [distance(sampled(ideal, 4000, 2 * n), sampled(noisy, 4000, 2 * n + 1)) for n in seeds]
    same = [distance(sampled(noisy, 4000, 2 * n), sampled(noisy, 1000, 2 * n + 1)) for n in seeds]

    assert all(each.low == 0 and each.differ for each in apart)
    assert not any(each.differ for each in same)
    assert sum(each.chi_square / each.freedom for each in same) / 200 == pytest.approx(1, abs=0.3)


def test_a_small_sample_whose_outcomes_are_all_rare_is_compared() -> None:
    """Given a large one that has seen none of them, then both are told apart, from either side."""
    large, small = {"0": 4000, "1": 4000}, {"2": 12}

    assert distance(large, small).differ
    assert distance(small, large) == distance(large, small)


@pytest.mark.parametrize(("a", "b"), [({"0": 1}, {"1": 1}), ({"0": 4}, {"1": 4}), ({"0": 1000}, {"0": 1})])
def test_too_few_shots_have_no_degrees_of_freedom(a: dict[str, int], b: dict[str, int]) -> None:
    assert (distance(a, b).chi_square, distance(a, b).freedom, distance(a, b).differ) == (0.0, 0, False)


@pytest.mark.parametrize(("n", "m"), [(100, 10_000), (10_000, 100), (50, 50)])
def test_few_shots_among_many_outcomes_tell_nothing_apart(n: int, m: int) -> None:
    many = {f"{number:012b}": 1.0 for number in range(1 << 12)}

    apart = [distance(sampled(many, n, 2 * seed), sampled(many, m, 2 * seed + 1)) for seed in range(10)]

    assert not any(each.differ for each in apart)


def test_outcomes_of_different_widths_are_not_compared_and_registers_make_no_difference() -> None:
    wide, parted = a_job(2, {"000": 500, "111": 500}), a_job(2, {"0 0": 500, "1 1": 500})

    compared = Comparison.of(a_job(1, BELL), wide)

    assert compared.distance is None
    assert compared.verdict == "The outcomes cannot be compared: those of A have 2 bits and those of B 3."
    assert compared.document()["why_not"] == "those of A have 2 bits and those of B 3."
    same = Comparison.of(a_job(1, {"00": 500, "11": 500}), parted)
    assert same.distance is not None
    assert same.distance.value == 0
