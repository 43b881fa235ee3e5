"""Why a job waits, and when it is expected to end: how often the bounds hold, and when nothing is said."""

from __future__ import annotations

import heapq
import math
import random
from datetime import UTC, datetime, timedelta
from functools import cache
from statistics import NormalDist, median
from typing import NamedTuple

import pytest

from queuebit_domain.eta.estimate import Correction, Ended, Eta, running_eta, waiting_eta

T0 = datetime(2026, 3, 2, tzinfo=UTC)


def moment(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def queue(seed: int, jobs: int, workers: int, load: float, spread: float) -> list[tuple[float, float, float]]:
    """Jobs of a first-in first-out queue: when each was submitted, began and ended. Durations are log-normal."""
    chance = random.Random(seed)
    free = [0.0] * workers
    now, found = 0.0, []
    for _ in range(jobs):
        now += chance.expovariate(load * workers)
        run = chance.lognormvariate(-0.5 * spread**2, spread)
        began = max(now, heapq.heappop(free))
        heapq.heappush(free, began + run)
        found.append((now, began, began + run))
    return found


def interval(hits: int, of: int) -> tuple[float, float]:
    """Between what shares that of all jobs lies, by these, 99 times in 100 (Wilson)."""
    z, share = NormalDist().inv_cdf(0.995), hits / of
    middle, wide = share + z * z / (2 * of), z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return (middle - wide) / (1 + z * z / of), (middle + wide) / (1 + z * z / of)


class Scored(NamedTuple):
    """For each job: whether it ended within its bound and within its median, and by what factor the median was off."""

    hits: list[bool]
    early: list[bool]
    off: list[float]

    @property
    def close(self) -> tuple[float, float]:
        """How many medians are off by exp(0.35) at most: the bar says half of them."""
        return interval(sum(each <= 0.35 for each in self.off), len(self.off))


@cache
def scored(seed: int, workers: int, load: float, spread: float) -> Scored:
    jobs = queue(seed, 2200, workers, load, spread)
    correction, found = Correction(), Scored([], [], [])
    due: list[tuple[float, bool]] = []
    for nth, (submitted, _, ended_at) in enumerate(jobs):
        past = sorted((end, begin) for begin, _, end in jobs[max(0, nth - 600) : nth] if end <= submitted)[-200:]
        ahead = sum(1 for begin, _, end in jobs[max(0, nth - 600) : nth] if end > submitted)
        while due and due[0][0] <= submitted:
            correction.score(heapq.heappop(due)[1])
        eta = waiting_eta([Ended(moment(begin), moment(end)) for end, begin in past], ahead, correction)
        if isinstance(eta, Eta):
            took = ended_at - submitted
            hit = took <= eta.p90_s
            heapq.heappush(due, (ended_at, hit))
            if nth >= 300:
                found.hits.append(hit)
                found.early.append(took <= eta.p50_s)
                found.off.append(abs(math.log(max(took, 1e-6) / max(eta.p50_s, 1e-6))))
    return found


OFTEN_FREE = (2, 0.6, 0.8)
QUEUES = [(1, 0.8, 0.4), (2, 0.6, 0.4), (4, 0.9, 0.4), (1, 0.8, 0.8), OFTEN_FREE, (4, 0.9, 0.8)]


@pytest.mark.parametrize(("workers", "load", "spread"), QUEUES)
def test_nine_in_ten_end_within_their_bound_and_medians_are_close(workers: int, load: float, spread: float) -> None:
    """The bar: coverage from 0.85 to 0.95, of no 300 in a row below 0.80, the median off by exp(0.35) at most. Where workers
    are often free and durations differ sixfold nobody reaches that: see below. There, too, about half end within the median.
    """
    found = scored(7, workers, load, spread)
    hits = found.hits
    worst = min(sum(hits[at : at + 300]) / 300 for at in range(len(hits) - 300))
    least, most = interval(sum(hits), len(hits))

    assert 0.85 <= least <= 0.9 <= most <= 0.95
    assert worst >= 0.80
    assert 0.40 <= sum(found.early) / len(hits) <= 0.60
    assert (found.close[0] > 0.5) == ((workers, load, spread) != OFTEN_FREE)


def who_knows_all(seed: int, workers: int, load: float, spread: float, draws: int = 25) -> list[float]:
    """How far the medians are off of whoever knows how durations are distributed, and of each job ahead whether and for how
    long it runs: the end is drawn so many times.
    """
    jobs = queue(seed, 2200, workers, load, spread)
    chance, normal, off = random.Random(seed), NormalDist(-0.5 * spread**2, spread), []

    def rest_s(ran_s: float) -> float:
        below = normal.cdf(math.log(ran_s)) if ran_s > 0 else 0.0
        share = min(max(below + (1 - below) * chance.random(), 1e-12), 1 - 1e-12)
        return max(0.0, math.exp(normal.inv_cdf(share)) - ran_s)

    for nth in range(300, 900):
        submitted, _, ended_at = jobs[nth]
        open_ = [begin for _, begin, end in jobs[max(0, nth - 600) : nth] if end > submitted]
        running = [submitted - begin for begin in open_ if begin <= submitted]
        ends = []
        for _ in range(draws):
            free = [*map(rest_s, running), *[0.0] * (workers - len(running))]
            heapq.heapify(free)
            for _ in range(len(open_) - len(running)):
                heapq.heappush(free, heapq.heappop(free) + rest_s(0.0))
            ends.append(heapq.heappop(free) + rest_s(0.0))
        off.append(abs(math.log((ended_at - submitted) / median(ends))))
    return off


def test_where_workers_are_often_free_nobody_is_closer_than_the_bar_and_ours_is_close_to_the_best() -> None:
    """Of a job that nobody holds up its own duration is all there is to guess: exp(0.35) is a bar for queues. That is no matter
    of too few jobs: the share of close medians is less than half for whoever knows all, and for us, by all that chance allows.
    """
    best = who_knows_all(7, *OFTEN_FREE)
    ours = scored(7, *OFTEN_FREE)

    assert interval(sum(each <= 0.35 for each in best), len(best))[1] < 0.5
    assert ours.close[1] < 0.5
    assert median(ours.off) <= 1.15 * median(best)


def test_of_a_job_that_runs_those_tell_that_ran_as_long() -> None:
    ended = [Ended(moment(nth * 10), moment(nth * 10 + 1 + nth % 10)) for nth in range(100)]
    fresh, late = running_eta(ended, 0.0, Correction()), running_eta(ended, 6.5, Correction())

    assert (fresh, late) == (Eta(6.0, 10.0, "history", 100), Eta(2.5, 3.5, "history", 40))


def test_where_too_little_is_known_nothing_is_said() -> None:
    few = [Ended(moment(nth), moment(nth + 1)) for nth in range(9)]
    many = [Ended(moment(nth), moment(nth + 1)) for nth in range(50)]

    assert waiting_eta(few, 3, Correction()) == running_eta(few, 0.5, Correction()) == "no_history"
    assert running_eta(many, 5.0, Correction()) == "longer_than_ever"


def test_a_job_that_ended_before_it_was_submitted_by_the_clock_of_another_process_stops_no_estimate() -> None:
    ended = [Ended(moment(nth), moment(nth + (-0.5 if nth == 20 else 1))) for nth in range(50)]

    assert isinstance(waiting_eta(ended, 3, Correction()), Eta)


def test_misses_widen_the_bound_and_hits_narrow_it_again() -> None:
    ended = [Ended(moment(nth), moment(nth + 1)) for nth in range(50)]
    missed, hit = Correction(), Correction()
    for _ in range(5):
        missed.score(False)
        hit.score(True)
    bounds = [waiting_eta(ended, 4, each) for each in (hit, Correction(), missed)]

    assert [isinstance(each, Eta) for each in bounds] == [True] * 3
    assert bounds[0].p90_s <= bounds[1].p90_s < bounds[2].p90_s  # type: ignore[union-attr]
    for _ in range(1000):
        missed.score(False)
    assert missed.off == math.log(4.0)
