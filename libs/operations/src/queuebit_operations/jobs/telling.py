"""Tells jobs something as the control plane would: load, decide, append, and once more after a race.

Nothing is let onto a lane here: what a job needs next the control plane sees at once, with all that is held.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from queuebit_contracts.event import Event
from queuebit_domain.holds.gate import OPEN, Gate
from queuebit_domain.job.codec import fold
from queuebit_domain.job.decide import decide
from queuebit_domain.job.messages import Message
from queuebit_domain.job.state import Job, NoJob
from queuebit_domain.job.summary import summary_of
from queuebit_runtime.clock import Clock
from queuebit_store.log.new_events import new_events
from queuebit_store.ports import Append, Head, StoredEvent

ROUNDS_MAX = 5
NOTHING = "nothing to do"
MISSING = "no such job"


class Skip(str):
    """Why nothing is said to a job: the outcome."""


Say = Callable[[UUID, Job, Sequence[StoredEvent]], Message | Skip]
"""What to say to a job that stands so."""


class Jobs(Protocol):
    """What is needed of the store."""

    @property
    def epoch(self) -> int: ...
    async def append(self, batch: Sequence[Append]) -> list[bool]: ...
    async def load(self, stream_ids: Sequence[UUID]) -> dict[UUID, list[StoredEvent]]: ...
    async def events_of(
        self, stream_id: UUID, *, after_version: int = 0, limit: int = 1000, tenant: str | None = None
    ) -> list[StoredEvent]: ...


async def tell(
    store: Jobs,
    clock: Clock,
    job_ids: Sequence[UUID],
    say: Say,
    *,
    done: str,
    cause_id: UUID,
    gate: Gate = OPEN,
) -> dict[UUID, str]:
    """What became of each: `done` where something followed, why nothing was said, or `nothing to do`. `gate`: what is held."""
    outcomes: dict[UUID, str] = {}
    left = list(dict.fromkeys(job_ids))
    for _ in range(ROUNDS_MAX):
        found = await store.load(left)
        appends: list[Append] = []
        for job_id in left:
            made = _made(job_id, found, say, clock, cause_id, gate, store.epoch)
            if isinstance(made, Append):
                appends.append(made)
            else:
                outcomes[job_id] = made
        passed = await store.append(appends) if appends else []
        outcomes |= {each.stream_id: done for each, ok in zip(appends, passed, strict=True) if ok}
        left = [each.stream_id for each, ok in zip(appends, passed, strict=True) if not ok]
        if not left:
            return outcomes
    return {**outcomes, **dict.fromkeys(left, "failed")}


def _made(
    job_id: UUID,
    found: Mapping[UUID, Sequence[StoredEvent]],
    say: Say,
    clock: Clock,
    cause_id: UUID,
    gate: Gate,
    epoch: int,
) -> Append | str:
    stored = found.get(job_id)
    if not stored:
        return MISSING
    job = fold(stored)
    message = say(job_id, job, stored)
    if isinstance(message, Skip):
        return str(message)
    now = clock.now()
    events, after = decide(job, message, now, job_id, gate)
    if not events:
        return NOTHING
    return append_of(job_id, stored[0].tenant, len(stored), events, after, clock, cause_id, epoch)


def append_of(
    job_id: UUID,
    tenant: str,
    version: int,
    events: Sequence[Event],
    after: Job,
    clock: Clock,
    cause_id: UUID,
    epoch: int,
) -> Append:
    """The append of these events to a job, which stands as `after` behind them."""
    assert not isinstance(after, NoJob), "a job that never began has no head"
    new = new_events(job_id, version, events, clock.now(), causation_id=cause_id, epoch=epoch)
    return Append(job_id, tenant, version, new, Head(*summary_of(after)))
