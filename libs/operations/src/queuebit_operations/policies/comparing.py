"""Two policies over the decisions that are recorded: which jobs would have been planned otherwise. Pure.

Facts are taken as they were recorded. What a policy then did not ask is made up for from the request where that says it;
of the rest it is counted how often it was not known, since there the comparison cannot tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from queuebit_contracts.events import JobPlanned
from queuebit_domain.job.asked import requested
from queuebit_domain.job.routing import plan
from queuebit_domain.policy.facts import Facts, facts_in, with_told
from queuebit_domain.policy.tables import Policy

SAMPLE = 20
TYPES = ("JobSubmitted", "JobPlanned")
"""The events that are read."""


class _Request(msgspec.Struct, frozen=True):
    tenant: str
    tier: str = "interactive"
    deadline: datetime | None = None
    latency_budget_s: float | None = None


class _Admission(msgspec.Struct, frozen=True):
    problem_fingerprint: str


class _Submitted(msgspec.Struct, frozen=True):
    request: _Request
    admission: _Admission | None = None


class _Leg(msgspec.Struct, frozen=True):
    leg: str
    lane: str
    starts: tuple[str, ...] | None = None


class _Planned(msgspec.Struct, frozen=True):
    plan: str
    rule: str
    inputs: dict[str, Any]
    legs: tuple[_Leg, ...]


_SUBMITTED = msgspec.json.Decoder(_Submitted, strict=False)
_PLANNED = msgspec.json.Decoder(_Planned, strict=False)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A decision that is recorded, with the request where it was read."""

    job_id: UUID
    at: datetime
    planned: _Planned
    submitted: _Submitted | None


@dataclass(frozen=True, slots=True)
class Changed:
    """A job that would have been planned otherwise."""

    job_id: UUID
    before: str
    after: str


@dataclass(slots=True)
class Comparison:
    """What came of it. `moves`: how many jobs went from one rule to another. `lanes`: legs that begin at once, by lane, before
    and after. `unknown`: for how many decisions a fact that the new policy asks was not known.
    """

    decisions: int = 0
    changed: int = 0
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    lanes_before: Counter[str] = field(default_factory=Counter)
    lanes_after: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    sample: list[Changed] = field(default_factory=list)

    @property
    def share(self) -> float:
        """The share of decisions that changed."""
        return self.changed / self.decisions if self.decisions else 0.0

    def document(self) -> dict[str, Any]:
        """As JSON."""
        moves = [{"before": one, "after": other, "jobs": count} for (one, other), count in self.moves.most_common()]
        return {
            "decisions": self.decisions,
            "changed": self.changed,
            "share": self.share,
            "moves": moves,
            "lanes_before": dict(self.lanes_before),
            "lanes_after": dict(self.lanes_after),
            "unknown": dict(self.unknown),
            "sample": [
                {"job_id": str(each.job_id), "before": each.before, "after": each.after} for each in self.sample
            ],
        }


class Reader:
    """Joins the events of a job as they come in order: first the question, then its plan."""

    def __init__(self) -> None:
        self._asked: dict[UUID, _Submitted] = {}

    def take(self, events: Iterable[Any]) -> Iterable[Recorded]:
        """The decisions among stored events of the types of `TYPES`."""
        for event in events:
            if event.type == "JobSubmitted":
                self._asked[event.stream_id] = _SUBMITTED.decode(event.data)
            else:
                asked = self._asked.pop(event.stream_id, None)
                yield Recorded(event.stream_id, event.time, _PLANNED.decode(event.data), asked)


def compare(recorded: Iterable[Recorded], new: Policy, old: Policy | None, into: Comparison) -> None:
    """Add decisions to a comparison. `old` absent: with what was decided then, by whatever policy."""
    for each in recorded:
        facts = _facts(each, new)
        after = plan(facts, new)
        into.decisions += 1
        for name in new.reads:
            if getattr(facts, name) is None and name != "sense":
                into.unknown[name] += 1
        if old is None:
            before = (each.planned.plan, each.planned.rule, tuple(leg.leg for leg in each.planned.legs))
            lanes: Sequence[str] = [leg.lane for leg in each.planned.legs if not leg.starts]
        else:
            made = plan(_facts(each, old), old)
            before, lanes = _key(made), _lanes(made)
        into.lanes_before.update(lanes)
        into.lanes_after.update(_lanes(after))
        if (before[0], before[2]) == (after.plan, _key(after)[2]):
            continue
        into.changed += 1
        into.moves[before[1], after.rule] += 1
        if len(into.sample) < SAMPLE:
            into.sample.append(Changed(each.job_id, f"{before[0]} ({before[1]})", f"{after.plan} ({after.rule})"))


def _key(planned: JobPlanned) -> tuple[str, str, tuple[str, ...]]:
    return planned.plan, planned.rule, tuple(leg.leg for leg in planned.legs)


def _lanes(planned: JobPlanned) -> Sequence[str]:
    return [leg.lane for leg in planned.legs if not leg.starts]


def _facts(each: Recorded, policy: Policy) -> Facts:
    known = facts_in(each.planned.inputs)
    if each.submitted is None or each.submitted.admission is None:
        return known
    request = each.submitted.request
    told = requested(
        policy,
        tenant=request.tenant,
        tier=request.tier,  # type: ignore[arg-type]
        deadline=request.deadline,
        latency_budget_s=request.latency_budget_s,
        problem_fingerprint=each.submitted.admission.problem_fingerprint,
        now=each.at,
    )
    return with_told(known, told)
