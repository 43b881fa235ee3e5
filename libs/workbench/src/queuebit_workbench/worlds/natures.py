"""What jobs of made-up worlds are like: how often the path wins or loses, by how much, how long it takes, and what goes
wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from queuebit_domain.paths.case import Arm, Case
from queuebit_workbench.worlds.lab import BEGAN, paid

Nature = Callable[[Random, int, datetime], Case]
"""A nature in which every job may go to the path."""
SIZE: Final = 0.05
"""The mean of by how much a win or a loss is one: exponential, as small ones are many."""
BASE: Final = 1000.0
"""The objective of the classical way; less is better."""


def plain(win: float, loss: float, *, placebo_wins: float = 0.0, slow_s: float = 300.0) -> Nature:
    """The path wins so often, loses so often, and ties the rest. The placebo wins `placebo_wins` of where the path does, by the
    same, and ties the rest.
    """

    def nature(chance: Random, nth: int, now: datetime) -> Case:
        d = drawn(chance, win, loss)
        placebo = d if d < 0 and chance.random() < placebo_wins else 0.0
        return job(nth, now, d, placebo, after_s=chance.expovariate(1 / slow_s))

    return nature


def drawn(chance: Random, win: float, loss: float) -> float:
    """By how much the path is worse, relative: below zero where it wins."""
    turn, size = chance.random(), chance.expovariate(1 / SIZE)
    return -size if turn < win else size if turn < win + loss else 0.0


def later(before: Nature, jobs: int, after: Nature) -> Nature:
    """One nature for so many jobs, then another."""
    return lambda chance, nth, now: (before if nth < jobs else after)(chance, nth, now)


def job(
    nth: int,
    now: datetime,
    d: float,
    placebo: float = 0.0,
    *,
    after_s: float = 60.0,
    problem: int | None = None,
) -> Case:
    """A job whose path is `d` worse than its classical answer and answers after so long."""
    done = now + timedelta(seconds=after_s)
    path = Arm("quantum", done, BASE * (1 + d), placebo=BASE * (1 + placebo), took_s=after_s, cost=paid())
    base = Arm("classical", now + timedelta(seconds=1), BASE, took_s=1.0)
    return Case(
        UUID(int=(int(now.timestamp()) << 64) + nth),
        now,
        now + timedelta(hours=12),
        f"problem-{nth if problem is None else problem}",
        "min",
        "shadow",
        path,
        base,
    )


def fast_is_better(chance: Random, nth: int, now: datetime) -> Case:
    """No effect in all, but fast answers win and slow ones lose; the mean is two days."""
    slow_s = chance.expovariate(1 / 48) * 3600
    middle_s = 48 * 3600 * 0.6931
    d = 0.0 if chance.random() < 0.4 else (-1 if slow_s < middle_s else 1) * chance.expovariate(1 / SIZE)
    return replace(job(nth, now, d, after_s=slow_s), deadline=now + timedelta(days=20))


def timeouts(share: float, nature: Nature) -> Nature:
    """So many of the attempts never come back."""

    def found(chance: Random, nth: int, now: datetime) -> Case:
        case = nature(chance, nth, now)
        return replace(case, path=None) if chance.random() < share else case

    return found


def duplicates(times: int, win: float, loss: float) -> Nature:
    """Every problem comes so many times, with the same outcome each time."""
    outcomes: dict[int, float] = {}

    def nature(chance: Random, nth: int, now: datetime) -> Case:
        problem = nth // times
        d = outcomes.setdefault(problem, drawn(chance, win, loss))
        return job(nth, now, d, problem=problem)

    return nature


def swapped(nature: Nature) -> Nature:
    """Somebody mixed the arms up: what the classical way answered is booked as the path's."""

    def found(chance: Random, nth: int, now: datetime) -> Case:
        case = nature(chance, nth, now)
        assert case.path is not None
        assert case.base is not None
        return replace(case, path=replace(case.base, cost=case.path.cost, at=case.path.at), base=case.path)

    return found


def outage(nature: Nature, first: int, noticed: int, last: int) -> Callable[[Random, int, datetime], Case | None]:
    """For a while the provider answers nothing: what is handed in then is lost, until the breaker notices and routing stays
    away.
    """

    def found(chance: Random, nth: int, now: datetime) -> Case | None:
        case = nature(chance, nth, now)
        if noticed <= nth < last:
            return None
        return replace(case, path=None) if first <= nth < noticed else case

    return found


def calibrated(nature: Nature, days: int) -> Nature:
    """The device is calibrated every so many days."""

    def found(chance: Random, nth: int, now: datetime) -> Case:
        case = nature(chance, nth, now)
        assert case.path is not None
        return replace(case, path=replace(case.path, epoch=f"calibration {(now - BEGAN).days // days}"))

    return found


def in_storms(nature: Nature, together: int) -> Nature:
    """Answers come in storms: all of so many jobs at once, when the window of the device opens, some of them too late."""

    def found(chance: Random, nth: int, now: datetime) -> Case:
        case = nature(chance, nth, now)
        assert case.path is not None
        wait = timedelta(hours=together - nth % together)
        return replace(case, path=replace(case.path, at=now + wait))

    return found
