"""What every search keeps to, whichever package it runs: the promises of the Solver port."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib.metadata import version
from typing import Any

import pytest

from queuebit_classical_solver.cascade.bounds import contradicts
from queuebit_classical_solver.cascade.rungs import declared, package_of_method
from queuebit_classical_solver.declaration import Search
from queuebit_classical_solver.errors import NothingFound, Stopped
from queuebit_classical_solver.ports import Limits, OnProgress, Progress, Solution, Stop, ignore_progress, never_stop
from queuebit_problems.kind import Answer
from queuebit_problems.optimisation import Optimisation
from tests.contract.solver.instances import instance, served_by, small_instance

LIMITS = Limits(budget_s=60.0, seed=3, work_share=0.002)
"""Little counted work, and far more time than it takes."""
FURTHER_ASKS_MAX = 3
"""So often may a search ask again whether to stop after it was told to."""

searches = pytest.mark.parametrize("search", declared(), ids=lambda search: search.method)


def asked(
    search: Search,
    *,
    hint: Answer | None = None,
    limits: Limits = LIMITS,
    on_progress: OnProgress = ignore_progress,
    stop: Stop = never_stop,
) -> Solution:
    solver, name = served_by(search)
    kind, statement = instance(name)
    return solver.solve(kind, statement, limits=limits, hint=hint, on_progress=on_progress, stop=stop)


@cache
def found_by(search: Search, seed: int) -> Solution:
    """What it finds from the default answer."""
    kind, statement = instance(served_by(search)[1])
    return asked(search, hint=kind.default_answer(statement), limits=replace(LIMITS, seed=seed))


def assert_honest(kind: Optimisation[Any], statement: Any, found: Solution) -> None:
    """Readable, feasible, with its objective, and a bound that its own objective does not contradict."""
    assert kind.answer_errors(statement, found.answer) == []
    assert kind.violations(statement, found.answer) == []
    assert found.objective == kind.objective(statement, found.answer)
    assert found.bound is None or not contradicts(found.bound, found.objective, kind.sense)
    assert found.proven_optimal == (found.bound == found.objective)


@searches
def test_its_answer_is_feasible_and_its_bound_is_none_that_it_breaks(search: Search) -> None:
    assert_honest(*instance(served_by(search)[1]), found_by(search, 3))


@searches
def test_without_a_hint_it_answers_feasibly_or_says_that_it_found_nothing(search: Search) -> None:
    try:
        found = asked(search)
    except NothingFound:
        return
    assert_honest(*instance(served_by(search)[1]), found)


@searches
def test_its_bound_holds_for_the_optimum(search: Search) -> None:
    """Given an instance whose optimum is known, when it is searched, then neither bound nor proof claims more."""
    solver, name = served_by(search)
    kind, statement, optimum = small_instance(name)
    hint = kind.default_answer(statement)

    found = solver.solve(kind, statement, limits=LIMITS, hint=hint, on_progress=ignore_progress, stop=never_stop)

    assert_honest(kind, statement, found)
    assert found.bound is None or not contradicts(found.bound, optimum, kind.sense)
    assert not found.proven_optimal or found.objective == optimum


@searches
def test_it_is_never_worse_than_its_hint_and_tells_only_of_feasible_answers(search: Search) -> None:
    kind, statement = instance(served_by(search)[1])
    hint = found_by(search, 4).answer
    told: list[Progress] = []

    found = asked(search, hint=hint, on_progress=told.append)

    assert not kind.better(kind.objective(statement, hint), found.objective)
    for each in told:
        assert (each.answer is None) or kind.violations(statement, each.answer) == []
        assert (each.answer is None) or each.objective == kind.objective(statement, each.answer)
        assert each.objective is None or not kind.better(each.objective, found.objective)


@searches
def test_the_same_seed_gives_the_same_answer(search: Search) -> None:
    kind, statement = instance(served_by(search)[1])

    assert asked(search, hint=kind.default_answer(statement)) == found_by(search, 3)


@searches
def test_counted_work_ends_it_before_its_time_does(search: Search) -> None:
    """Given twice the share of work and all the time, then it does no fewer steps, and the clock decides nothing."""
    kind, statement = instance(served_by(search)[1])
    hint = kind.default_answer(statement)

    little = found_by(search, 3)
    more = asked(search, hint=hint, limits=replace(LIMITS, work_share=2 * LIMITS.work_share))

    assert little.details["cut_off_by"] != "time"
    assert more.details["cut_off_by"] != "time"
    assert little.iterations <= more.iterations
    assert not kind.better(little.objective, more.objective)
    assert 0.0 <= little.worked <= 1.0


@searches
def test_a_stop_ends_it_soon_and_leaves_the_hint(search: Search) -> None:
    kind, statement = instance(served_by(search)[1])
    hint = kind.default_answer(statement)
    assert hint is not None
    asks = 0

    def stop() -> bool:
        nonlocal asks
        asks += 1
        return True

    try:
        found = asked(search, hint=hint, limits=Limits(3000.0, 3), stop=stop)
    except Stopped:
        return
    assert_honest(kind, statement, found)
    assert not kind.better(kind.objective(statement, hint), found.objective)
    assert found.details["cut_off_by"] in {"stop", "proof"} or found.proven_optimal
    assert asks <= 1 + FURTHER_ASKS_MAX


@searches
def test_it_states_its_method_and_the_package_that_ran(search: Search) -> None:
    found = found_by(search, 3)

    assert found.method == search.method
    assert package_of_method()[found.method] == search.package
    assert version(search.package)
    assert {"status", "cut_off_by"} <= found.details.keys()
