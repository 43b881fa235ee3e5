"""Is all of it true? What was lost, doubled or reordered, and whether enough happened to say so. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from queuebit_workbench.chaos.load import Asked
from queuebit_workbench.chaos.observed import Observed
from queuebit_workbench.chaos.plan import Fault

COMPLETED = "JobCompleted"
COMPLETED_SHARE_MIN = 0.8
EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Happened:
    """One fault of a run."""

    fault: Fault
    detail: str
    count: int
    began_at: datetime
    ended_at: datetime
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Least:
    """So much must have happened: less proves nothing."""

    jobs_completed: int
    affected: int = 1


@dataclass
class Judgement:
    """What was found. `violations`: what must never be. `too_little`: why the run proves nothing."""

    violations: list[str] = field(default_factory=list)
    too_little: list[str] = field(default_factory=list)
    fired: Counter[Fault] = field(default_factory=Counter)
    affected: dict[Fault, int] = field(default_factory=dict)
    ends: Counter[str] = field(default_factory=Counter)

    @property
    def holds(self) -> bool:
        return not self.violations and not self.too_little


def judge(
    asked: Sequence[Asked],
    seen: Observed,
    happened: Sequence[Happened],
    chosen: Collection[Fault],
    least: Least,
    *,
    restored_at: datetime | None = None,
) -> Judgement:
    """`restored_at`: when the store came back from a copy. What was told before may be told anew after it, under another id."""
    found = Judgement()
    found.violations += _lost(asked, seen)
    found.violations += _twice(seen, None if restored_at is None else restored_at.timestamp())
    found.violations += _examples("published with different contents under one id", seen.reused_ids())
    found.violations += _examples("dead letters that are no poison", seen.letters)
    marks = {mark for each in happened for mark in each.marks}
    found.violations += _examples("poison that nobody set aside", sorted(marks - seen.marks))
    for each in happened:
        found.fired[each.fault] += each.count
    found.affected = dict(affected_by(asked, seen, happened))
    for job in asked:
        found.ends.update(list({end.name for end in seen.ends.get(job.job_id, {}).values()}))
    found.too_little += _too_little(found, chosen, least, len(asked))
    return found


def _lost(asked: Sequence[Asked], seen: Observed) -> Iterator[str]:
    lost = [f"{each.job_id} of {each.tenant} over {each.way}" for each in asked if not seen.ends.get(each.job_id)]
    return _examples("jobs that were acknowledged and have no end", lost)


def _twice(seen: Observed, restored_s: float | None) -> Iterator[str]:
    """More than one end; a restored store may tell one more."""
    twice = []
    for job_id, ends in seen.ends.items():
        before = [end for end in ends.values() if restored_s is None or end.at_s < restored_s]
        if len(before) > 1 or len(ends) - len(before) > 1:
            twice.append(f"{job_id}: {', '.join(end.name for end in ends.values())}")
    return _examples("jobs that ended twice", twice)


def _examples(what: str, found: Sequence[str]) -> Iterator[str]:
    if found:
        more = ", …" if len(found) > EXAMPLES else ""
        yield f"{len(found)} {what}: {'; '.join(found[:EXAMPLES])}{more}"


def affected_by(asked: Iterable[Asked], seen: Observed, happened: Sequence[Happened]) -> Iterator[tuple[Fault, int]]:
    """By fault, how many jobs were on their way while it lasted."""
    jobs: dict[Fault, set[UUID]] = {each.fault: set() for each in happened}
    for job in asked:
        ends = seen.ends.get(job.job_id, {}).values()
        ended_s = min((end.at_s for end in ends), default=float("inf"))
        for each in happened:
            if job.at <= each.ended_at and ended_s >= each.began_at.timestamp():
                jobs[each.fault].add(job.job_id)
    return ((fault, len(found)) for fault, found in jobs.items())


def _too_little(found: Judgement, chosen: Collection[Fault], least: Least, asked: int) -> Iterator[str]:
    completed = found.ends[COMPLETED]
    if completed < least.jobs_completed:
        yield f"only {completed} jobs completed, at least {least.jobs_completed} must"
    if asked and completed < COMPLETED_SHARE_MIN * asked:
        yield f"only {completed} of {asked} jobs completed"
    for fault in chosen:
        if not found.fired[fault]:
            yield f"{fault} never happened"
        elif found.affected.get(fault, 0) < least.affected:
            yield f"{fault} met {found.affected.get(fault, 0)} jobs, at least {least.affected} must be on their way"


def explained(findings: Sequence[Mapping[str, object]], allowed: Mapping[str, str]) -> Iterator[str]:
    """The findings of verify that nothing explains. `allowed`: by check, why it may find something."""
    for each in findings:
        if each["check"] not in allowed:
            yield f"verify: {each['check']}, {each['count']} times: {each['meaning']} {each['examples']}"[:600]
