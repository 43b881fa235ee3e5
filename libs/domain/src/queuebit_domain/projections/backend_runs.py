"""What our own last attempts on each backend took: the history from which a wait is expected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from math import ceil
from typing import Any, Final, NamedTuple

from queuebit_contracts import facts as f
from queuebit_contracts.backends import BackendRuns
from queuebit_contracts.facts import Happened
from queuebit_domain.projections.projection import Changes, Key, Projection, Rows

LAST_MAX: Final = 64
"""So many attempts are remembered of each backend, those that succeeded last: by their moments, so that the row is the same in
whatever order the events of several jobs are folded.
"""
LANES: Final = frozenset({"quantum", "simulator"})
P90: Final = 0.9


class BackendRow(NamedTuple):
    """One backend. `runs`: `total` and `failed` attempts, and of the `last` ones moment, seconds waited, seconds in all."""

    backend: str
    runs: Mapping[str, Any]


def keys(happened: Happened) -> Sequence[Key]:
    """The backend that ran it; none where none did."""
    backend = _backend(happened.fact)
    return () if backend is None else ((backend,),)


def apply(rows: Rows, happened: Happened) -> Changes:
    """The backend after one more attempt."""
    fact = happened.fact
    backend = _backend(fact)
    if backend is None:
        return {}
    found = rows.get((backend,))
    runs: Mapping[str, Any] = {"total": 0, "failed": 0, "last": []} if found is None else found[1]
    if isinstance(fact, f.Succeeded):
        wait_s = max(Decimal(0), fact.usage.wall_s - fact.usage.cpu_s - fact.usage.qpu_s)
        one = [happened.at.astimezone(UTC).isoformat(), _seconds(wait_s), _seconds(fact.usage.wall_s)]
        runs = {**runs, "total": runs["total"] + 1, "last": sorted([*runs["last"], one])[-LAST_MAX:]}
    else:
        runs = {**runs, "total": runs["total"] + 1, "failed": runs["failed"] + 1}
    return {(backend,): BackendRow(backend, runs)}


def figures(runs: Mapping[str, Any]) -> BackendRuns:
    """A row of the projection in figures."""
    last = runs["last"]
    waits, whole = sorted(each[1] for each in last), sorted(each[2] for each in last)
    return BackendRuns(
        count=len(last),
        total=runs["total"],
        failed=runs["failed"],
        wait_s_median=_rank(waits, 0.5),
        wait_s_p90=_rank(waits, P90),
        turnaround_s_median=_rank(whole, 0.5),
        last_at=datetime.fromisoformat(last[-1][0]) if last else None,
    )


def _backend(fact: f.Fact) -> str | None:
    match fact:
        case f.Succeeded():
            return fact.ran.backend or None if fact.lane in LANES else None
        case f.Failed():
            return fact.backend
        case _:
            return None


def _seconds(value: Decimal) -> float:
    return round(float(value), 3)


def _rank(ordered: Sequence[float], share: float) -> float | None:
    """The smallest that at least this share do not exceed."""
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else None


BACKEND_RUNS: Final = Projection(
    name="backend_runs",
    version=1,
    meaning="Each backend: how many attempts it ran and failed, and how long the last ones waited and took.",
    columns={"backend": "text", "runs": "jsonb"},
    key_columns=1,
    types=frozenset({"ExecutionSucceeded", "ExecutionFailed"}),
    keys=keys,
    apply=apply,
    by_job=False,
)
