"""Every job in a row: what heads know, and by what else people look for jobs: labels, backend, cost, why it failed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

from queuebit_contracts import facts as f
from queuebit_contracts.facts import Happened
from queuebit_domain.projections.progress import READ, Legs, moved, word_of
from queuebit_domain.projections.projection import Changes, Projection, Rows, of_its_job

ENDS: Final = {"JobFailed": "failed", "JobCancelled": "cancelled", "JobExpired": "expired"}


class JobRow(NamedTuple):
    """A job. `lane`: what was wished for until it ends, then what gave the answer. `legs` is None once it has ended."""

    job_id: UUID
    version: int
    tenant: str
    kind: str
    tier: str
    lane: str
    state: str
    labels: Mapping[str, str]
    submitted_at: datetime
    updated_at: datetime
    ended_at: datetime | None = None
    backend: str = ""
    method: str = ""
    verdict: str = ""
    proven_optimal: bool = False
    suspect: bool = False
    code: str = ""
    cost: Mapping[str, str] = {}
    wall_s: Decimal = Decimal(0)
    legs: Legs | None = None


def apply(rows: Rows, happened: Happened) -> Changes:
    """The row of the job after the event."""
    found = rows.get((happened.job_id,))
    if found is None:
        row = _begun(happened)
        return {} if row is None else {(happened.job_id,): row}
    before = found if isinstance(found, JobRow) else JobRow._make(found)
    return {(happened.job_id,): _after(before, happened)}


def _begun(happened: Happened) -> JobRow | None:
    fact = happened.fact
    match fact:
        case f.Submitted():
            asked = fact.request
            return JobRow(
                happened.job_id, happened.version, happened.tenant, asked.problem.kind, asked.tier, asked.lane,
                "submitted", asked.labels, happened.at, happened.at, legs={},
            )  # fmt: skip
        case f.Rejected():
            return JobRow(
                happened.job_id, happened.version, happened.tenant, "", "", "", "rejected", {}, happened.at, happened.at,
                ended_at=happened.at, code=fact.code,
            )  # fmt: skip
        case _:
            return None


def _after(row: JobRow, happened: Happened) -> JobRow:
    fact, version, at = happened.fact, happened.version, happened.at
    if row.legs is None:
        suspect = row.suspect or isinstance(fact, f.Invalidated)
        return row._replace(suspect=suspect, version=version, updated_at=at)
    if type(fact) is f.Completed:
        return _ended(row, happened, fact.cost, fact.usage)._replace(
            state="completed", lane=fact.ran.lane, backend=fact.ran.backend, method=fact.ran.method,
            verdict=fact.verdict, proven_optimal=fact.proven_optimal,
        )  # fmt: skip
    if type(fact) is f.Ended:
        return _ended(row, happened, fact.cost, fact.usage)._replace(state=ENDS[happened.type], code=fact.code)
    legs = moved(row.legs, fact)
    return _on_its_way(row, version, word_of(legs), at, legs)


def _on_its_way(row: JobRow, version: int, state: str, updated_at: datetime, legs: Legs) -> JobRow:
    """The row with these columns, as `_replace` makes it: most events end here, and that takes four times as long."""
    return tuple.__new__(JobRow, (row[0], version, *row[2:6], state, *row[7:9], updated_at, *row[10:19], legs))


def _ended(row: JobRow, happened: Happened, paid: f.Paid, used: f.Used) -> JobRow:
    cost = {currency: f"{amount:f}" for currency, amount in paid.sums().items()}
    return row._replace(
        ended_at=happened.at, cost=cost, wall_s=used.wall_s, legs=None, version=happened.version, updated_at=happened.at
    )


JOB_LIST: Final = Projection(
    name="job_list",
    version=1,
    meaning="Every job: state, tenant, kind, tier, lane, labels, backend, verdict, cost, why it failed.",
    columns={
        "job_id": "uuid",
        "version": "bigint",
        "tenant": "text",
        "kind": "text",
        "tier": "text",
        "lane": "text",
        "state": "text",
        "labels": "jsonb",
        "submitted_at": "timestamptz",
        "updated_at": "timestamptz",
        "ended_at": "timestamptz",
        "backend": "text",
        "method": "text",
        "verdict": "text",
        "proven_optimal": "boolean",
        "suspect": "boolean",
        "code": "text",
        "cost": "jsonb",
        "wall_s": "numeric",
        "legs": "jsonb",
    },
    key_columns=1,
    types=READ | {"JobSubmitted", "JobRejected", "JobCompleted", "JobInvalidated"} | ENDS.keys(),
    keys=of_its_job,
    apply=apply,
    by_job=True,
    indexes=("(tenant, submitted_at)", "USING gin (labels)"),
)
