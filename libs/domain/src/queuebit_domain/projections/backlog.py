"""The jobs that have not ended, where each is and since when: what an operator has before him."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from queuebit_contracts import facts as f
from queuebit_contracts.facts import Happened
from queuebit_domain.projections.progress import READ, Legs, lane_of, moved, word_of
from queuebit_domain.projections.projection import Changes, Projection, Rows, of_its_job

_ENDS: Final = frozenset({"JobCompleted", "JobFailed", "JobCancelled", "JobExpired"})


class OpenRow(NamedTuple):
    """A job on its way. `lane`: where it is, or what was wished for. `since`: when it came to the state that it is in."""

    job_id: UUID
    version: int
    tenant: str
    kind: str
    tier: str
    wish: str
    lane: str
    state: str
    submitted_at: datetime
    since: datetime
    legs: Legs


def apply(rows: Rows, happened: Happened) -> Changes:
    """The row of the job after the event; none once it has ended."""
    key = (happened.job_id,)
    found = rows.get(key)
    fact = happened.fact
    if found is None:
        if not isinstance(fact, f.Submitted):
            return {}
        asked = fact.request
        return {
            key: OpenRow(
                happened.job_id, happened.version, happened.tenant, asked.problem.kind, asked.tier, asked.lane, asked.lane,
                "submitted", happened.at, happened.at, {},
            )
        }  # fmt: skip
    if happened.type in _ENDS:
        return {key: None}
    row = found if isinstance(found, OpenRow) else OpenRow._make(found)
    legs = moved(row.legs, fact)
    if legs is row.legs:
        return {key: _with(row, happened.version, row.lane, row.state, row.since, legs)}
    state = word_of(legs)
    lane = lane_of(legs, state, row.wish)
    since = row.since if (state, lane) == (row.state, row.lane) else happened.at
    return {key: _with(row, happened.version, lane, state, since, legs)}


def _with(row: OpenRow, version: int, lane: str, state: str, since: datetime, legs: Legs) -> OpenRow:
    """The row with these columns, as `_replace` makes it, in a fourth of the time."""
    return tuple.__new__(OpenRow, (row[0], version, *row[2:6], lane, state, row[8], since, legs))


BACKLOG: Final = Projection(
    name="backlog",
    version=1,
    meaning="The jobs that have not ended: state, lane, tier, and since when.",
    columns={
        "job_id": "uuid",
        "version": "bigint",
        "tenant": "text",
        "kind": "text",
        "tier": "text",
        "wish": "text",
        "lane": "text",
        "state": "text",
        "submitted_at": "timestamptz",
        "since": "timestamptz",
        "legs": "jsonb",
    },
    key_columns=1,
    types=READ | {"JobSubmitted"} | _ENDS,
    keys=of_its_job,
    apply=apply,
    by_job=True,
    indexes=("(tenant, state, lane, tier)",),
)
