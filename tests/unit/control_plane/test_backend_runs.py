"""What our own attempts on a backend took: a bounded history, and its figures."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from queuebit_contracts import facts as f
from queuebit_contracts.backends import BackendRuns
from queuebit_contracts.facts import Happened
from queuebit_domain.projections.backend_runs import LAST_MAX, apply, figures, keys
from queuebit_domain.projections.projection import Key, Row

AT = datetime(2026, 3, 1, tzinfo=UTC)


def happened(fact: f.Fact, nth: int = 0) -> Happened:
    return Happened(UUID(int=nth), 4, "acme", AT + timedelta(seconds=nth), type(fact).__name__, fact)


def success(wall_s: float, cpu_s: float = 0.0, qpu_s: float = 0.0, **more: Any) -> f.Succeeded:
    used = f.Used(wall_s=Decimal(str(wall_s)), cpu_s=Decimal(str(cpu_s)), qpu_s=Decimal(str(qpu_s)))
    ran = f.RanOn("quantum", "device", more.get("backend", "ibm_b"))
    return f.Succeeded("a", "l", more.get("lane", "quantum"), used, ran=ran)


def rows_of(*facts: f.Fact) -> dict[Key, Row]:
    rows: dict[Key, Row] = {}
    for nth, fact in enumerate(facts):
        for key, row in apply(rows, happened(fact, nth)).items():
            assert row is not None
            rows[key] = row
    return rows


def test_the_wait_is_what_nobody_worked() -> None:
    rows = rows_of(success(100.0, cpu_s=2.0, qpu_s=8.0), success(10.0, cpu_s=9.0, qpu_s=4.0), success(40.0))

    assert figures(rows["ibm_b",][1]) == BackendRuns(
        count=3,
        total=3,
        failed=0,
        wait_s_median=40.0,
        wait_s_p90=90.0,
        turnaround_s_median=40.0,
        last_at=AT + timedelta(seconds=2),
    )


def test_only_the_last_ones_are_remembered() -> None:
    rows = rows_of(*(success(float(nth)) for nth in range(LAST_MAX + 10)))
    runs = rows["ibm_b",][1]

    assert (len(runs["last"]), runs["total"]) == (LAST_MAX, LAST_MAX + 10)
    assert runs["last"][0][2] == 10.0


def test_the_row_is_the_same_in_whatever_order_jobs_are_folded() -> None:
    stories = [happened(success(float(nth % 7), qpu_s=nth % 3), nth // 2) for nth in range(LAST_MAX + 30)]
    found = []
    for seed in range(5):
        rows: dict[Key, Row] = {}
        for each in random.Random(seed).sample(stories, len(stories)):
            rows |= {key: row for key, row in apply(rows, each).items() if row is not None}
        found.append(rows)

    assert found == [found[0]] * 5


def test_failures_count_where_they_name_their_backend_and_no_time_is_made_of_them() -> None:
    rows = rows_of(f.Failed("a", "l", backend="ibm_b"), f.Failed("a", "l"))

    assert figures(rows["ibm_b",][1]) == BackendRuns(count=0, total=1, failed=1)
    assert list(rows) == [("ibm_b",)]


def test_what_ran_on_no_backend_is_left_out() -> None:
    for fact in (success(1.0, lane="classical"), success(1.0, backend=""), f.Ended()):
        assert keys(happened(fact)) == ()
        assert apply({}, happened(fact)) == {}
