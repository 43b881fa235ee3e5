"""What each tenant used on each day, in UTC: jobs by outcome, executions, shots, cost by currency, seconds by lane.

What was used counts on the day on which the attempt was told to have ended, whatever became of the job later; what became known
only after that, on the day on which it did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date
from decimal import Decimal
from typing import Final, NamedTuple

from queuebit_contracts import facts as f
from queuebit_contracts.facts import Happened
from queuebit_contracts.jobs import LANES
from queuebit_domain.job.money import plus
from queuebit_domain.projections.projection import Changes, Key, Projection, Rows

OUTCOMES: Final = {
    "JobSubmitted": "submitted",
    "JobRejected": "rejected",
    "JobCompleted": "completed",
    "JobFailed": "failed",
    "JobCancelled": "cancelled",
    "JobExpired": "expired",
}
Counts = Mapping[str, int]
Amounts = Mapping[str, str]
"""Exact decimals as text, by currency or by lane."""


class UsageRow(NamedTuple):
    """One day of one tenant. `lane_s`: seconds that attempts ran, by lane."""

    day: date
    tenant: str
    jobs: Counts = {}
    executions: Counts = {}
    shots: Decimal = Decimal(0)
    cost: Amounts = {}
    lane_s: Amounts = {}


def keys(happened: Happened) -> Sequence[Key]:
    """The day of the tenant."""
    return ((happened.at.astimezone(UTC).date(), happened.tenant),)


def apply(rows: Rows, happened: Happened) -> Changes:
    """The day of the tenant after the event."""
    (key,) = keys(happened)
    found = rows.get(key)
    row = found if isinstance(found, UsageRow) else UsageRow(*key) if found is None else UsageRow._make(found)
    outcome = OUTCOMES.get(happened.type)
    if outcome is not None:
        return {key: row._replace(jobs=_counted(row.jobs, outcome))}
    fact = happened.fact
    match fact:
        case f.Succeeded():
            return {key: _used(row, "succeeded", fact.lane, fact.usage, fact.cost)}
        case f.Failed():
            return {key: _used(row, "failed", lane_in(fact.leg), fact.usage, fact.cost)}
        case f.Late():
            return {key: _used(row, "late", lane_in(fact.leg), fact.usage, fact.cost)}
        case _:
            return {}


def lane_in(leg: str) -> str:
    """The lane of a leg by its name, which is its role and its lane: a failure does not say its lane."""
    lane = leg.rpartition("-")[2]
    return lane if lane in LANES else "unknown"


def _used(row: UsageRow, outcome: str, lane: str, usage: f.Used, paid: f.Paid) -> UsageRow:
    cost = row.cost
    for currency, amount in paid.sums().items():
        cost = _added(cost, currency, amount)
    return row._replace(
        executions=_counted(row.executions, outcome),
        shots=plus(row.shots, Decimal(usage.shots)) if usage.shots else row.shots,
        cost=cost,
        lane_s=_added(row.lane_s, lane, usage.wall_s) if usage.wall_s else row.lane_s,
    )


def _counted(counts: Counts, name: str) -> Counts:
    return {**counts, name: counts.get(name, 0) + 1}


def _added(amounts: Amounts, name: str, amount: Decimal) -> Amounts:
    return {**amounts, name: f"{plus(Decimal(amounts.get(name, '0')), amount):f}"}


USAGE: Final = Projection(
    name="usage",
    version=2,
    meaning="Each day of each tenant: jobs by outcome, executions, shots, cost by currency, seconds by lane.",
    columns={
        "day": "date",
        "tenant": "text",
        "jobs": "jsonb",
        "executions": "jsonb",
        "shots": "numeric",
        "cost": "jsonb",
        "lane_s": "jsonb",
    },
    key_columns=2,
    types=frozenset({*OUTCOMES, "ExecutionSucceeded", "ExecutionFailed", "LateUsageReported"}),
    keys=keys,
    apply=apply,
    by_job=False,
)
