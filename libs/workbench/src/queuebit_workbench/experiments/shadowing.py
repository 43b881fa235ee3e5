"""Shadows of one job side by side: the arms that a policy measured on the same jobs, beside what was shown, as runs.

A job counts where every arm took part and every arm is over: what one arm alone was drawn for, or had no money for, says
nothing about the others. What failed counts as a failure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from queuebit_contracts import events as ev
from queuebit_contracts.errors import ContractError
from queuebit_contracts.jobs import Cost, Usage
from queuebit_domain.errors import CorruptStream
from queuebit_domain.job.codec import read_event
from queuebit_domain.job.money import NO_COST, NO_USAGE, add_cost, add_usage
from queuebit_operations.scan.port import EventRow, Scan, Selection
from queuebit_workbench.experiments.freezing import Window

SHOWN = "shown"
"""The arm of what callers got."""
PLANNED = ev.JobPlanned.__name__
Run = dict[str, Any]


@dataclass(slots=True)
class _Leg:
    """What became of a leg, as far as it is told."""

    over: bool = False
    unpaid: bool = False
    cost: Cost = NO_COST
    usage: Usage = NO_USAGE
    succeeded: ev.ExecutionSucceeded | None = None
    verdict: ev.ResultValidated | None = None
    checked_at: datetime | None = None


@dataclass(slots=True)
class _Story:
    """A job, as its events tell it."""

    request: ev.JobSubmitted | None = None
    planned: ev.JobPlanned | None = None
    planned_at: datetime | None = None
    completed: ev.JobCompleted | None = None
    legs: dict[str, _Leg] = field(default_factory=dict)

    def tell(self, event: ev.JobEvent, at: datetime) -> None:
        match event:
            case ev.JobSubmitted():
                self.request = event
            case ev.JobPlanned():
                self.planned, self.planned_at = event, at
            case ev.JobCompleted():
                self.completed = event
            case ev.JobQueued():
                self.leg(event.leg).over = False
            case ev.ExecutionSucceeded():
                leg = self.leg(event.leg)
                leg.succeeded = event
                leg.cost, leg.usage = add_cost(leg.cost, event.cost), add_usage(leg.usage, event.usage)
            case ev.ExecutionFailed():
                leg = self.leg(event.leg)
                leg.over = True
                leg.cost, leg.usage = add_cost(leg.cost, event.cost), add_usage(leg.usage, event.usage)
            case ev.ResultValidated():
                leg = self.leg(event.leg)
                leg.over, leg.verdict, leg.checked_at = True, event, at
            case ev.BudgetExhausted():
                leg = self.leg(event.leg)
                leg.over = leg.unpaid = True
            case ev.ResultRejected() | ev.AttemptAbandoned():
                self.leg(event.leg).over = True
            case _:
                pass

    def leg(self, name: str) -> _Leg:
        return self.legs.setdefault(name, _Leg())


@dataclass(slots=True)
class Shadowed:
    """How many jobs are compared, and why others with one of the arms are not."""

    jobs: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


async def shadowed(scan: Scan, window: Window, arms: Sequence[str], found: Shadowed) -> AsyncIterator[Run]:
    """The runs of the window: for each job one of every arm (rows of experiments) and one of what was shown."""
    selection = Selection(tenants=window.tenants, types=(PLANNED,), since=window.since, until=window.until)
    async for page in scan.streams(selection):
        for stream in page:
            if not stream.events or not window.since <= stream.events[0].time < window.until:
                continue
            story = _story_of(stream.events)
            if story is None or story.request is None:
                continue
            if window.kinds and story.request.request.problem.kind not in window.kinds:
                continue
            for run in _runs_of(story, str(stream.stream_id), arms, found):
                yield run


def _story_of(events: Sequence[EventRow]) -> _Story | None:
    """None where an event cannot be read: of half a story nothing is counted."""
    story = _Story()
    try:
        for event in events:
            story.tell(read_event(event), event.time)
    except (CorruptStream, ContractError):
        return None
    return story


def _runs_of(story: _Story, job: str, arms: Sequence[str], found: Shadowed) -> list[Run]:
    planned = story.planned
    rows = {} if planned is None else {each.row: each.leg for each in planned.experiments or ()}
    if not rows.keys() & set(arms):
        return []
    legs = {arm: rows[arm] for arm in arms if arm in rows}
    reason = _left_out(story, legs, arms)
    if reason is not None:
        found.left_out[reason] += 1
        return []
    assert story.completed is not None
    found.jobs += 1
    return [_run(story, job, arm, leg) for arm, leg in (*legs.items(), (SHOWN, story.completed.leg))]


def _left_out(story: _Story, legs: dict[str, str], arms: Sequence[str]) -> str | None:
    if len(legs) < len(arms):
        return "not every arm took part"
    told = [story.leg(leg) for leg in legs.values()]
    if any(leg.unpaid for leg in told):
        return "an arm had no money left"
    if story.completed is None:
        return "the job gave no answer"
    return None if all(leg.over for leg in told) else "an arm is not over"


def _run(story: _Story, job: str, arm: str, name: str) -> Run:
    leg, completed = story.leg(name), story.completed
    assert completed is not None
    assert story.request is not None
    assert story.planned_at is not None
    verdict = leg.verdict
    accepted = verdict is not None and verdict.verdict == "accepted"
    ran = None if leg.succeeded is None else leg.succeeded.ran
    seconds = None if leg.checked_at is None else (leg.checked_at - story.planned_at).total_seconds()
    return {
        "arm": arm,
        "problem": _problem_of(story),
        "job": job,
        "kind": completed.kind,
        "accepted": int(accepted),
        "objective": verdict.objective if verdict is not None and (accepted or arm == SHOWN) else None,
        "gap": None if verdict is None else verdict.gap,
        "confidence": None if verdict is None else verdict.confidence.value,
        "elapsed_s": seconds,
        "wall_s": leg.usage.wall_s,
        "qpu_s": leg.usage.qpu_s,
        "shots": leg.usage.shots,
        "cost": None if leg.cost.further else float(Decimal(leg.cost.amount)),
        "currency": leg.cost.currency,
        "lane": None if ran is None else ran.lane,
        "method": None if ran is None else ran.method,
    }


def _problem_of(story: _Story) -> str:
    """What repeats of one question have in common: whole problems are drawn for an interval, and no repeat is evidence anew."""
    assert story.request is not None
    admission = story.request.admission
    return admission.problem_fingerprint if admission is not None else story.request.fingerprint or ""
