"""Did the job wait as it should? What was lost, doubled or held, and whether enough happened to say so. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

COMPLETED = "JobCompleted"
DAYS = 7
DAY_S = 86_400.0
HELD_SHARE_MAX = 0.1
"""A sign of life is given by a claim of milliseconds, which a look may meet."""
LOOKS_MIN, SIGNS_MIN, DAYS_TOLD_MIN = 20, 3, 3
RESTARTS_MIN = 2
"""Of each service: once asked to end, once killed."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen at one moment while the job waited. `held`: whether a process had claimed its attempt; `unread`: how many
    records of the topic of its order the adapter had not done with.
    """

    held: bool
    unread: int


@dataclass(frozen=True, slots=True)
class Seen:
    """All of a run. `ends`: of each other job the names of its ends; `passed`: how many of those had ended when the provider
    let the job run; `own_ends`: how it ended, and `ended_early` whether before that; `story`: its events by name; `waits_s`:
    how long its signs of life said that it may take; `accepted`: submissions that the provider took; `workers_killed`:
    processes of the adapter that were killed while it waited; `simulated`: jobs that the adapter's only place computed
    meanwhile.
    """

    asked: int
    ends: tuple[tuple[str, ...], ...]
    passed: int
    own_ends: tuple[str, ...]
    ended_early: bool
    story: Counter[str]
    waits_s: tuple[float, ...]
    accepted: int
    looks: tuple[Look, ...]
    restarts: Counter[str]
    services: tuple[str, ...]
    workers_killed: int
    simulated: int
    findings: tuple[str, ...] = ()
    letters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found. `violations`: what must never be. `too_little`: why the run proves nothing."""

    violations: list[str] = field(default_factory=list)
    too_little: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.violations and not self.too_little


def judge(seen: Seen) -> Judgement:
    """Of a whole run."""
    return Judgement([*_of_others(seen), *_of_the_job(seen), *_held(seen)], [*_too_little(seen)])


def _of_others(seen: Seen) -> Iterator[str]:
    times = Counter(len(each) for each in seen.ends)
    if missing := seen.asked - len(seen.ends) + times[0]:
        yield f"{missing} other jobs have no end"
    if doubled := sum(count for ends, count in times.items() if ends > 1):
        yield f"{doubled} other jobs ended more than once"
    if failed := sum(len(each) == 1 and each[0] != COMPLETED for each in seen.ends):
        yield f"{failed} other jobs did not end completed"
    if seen.letters:
        yield f"{len(seen.letters)} dead letters: {seen.letters[0]}"
    if seen.findings:
        yield f"verify finds {'; '.join(seen.findings)}"


def _of_the_job(seen: Seen) -> Iterator[str]:
    if seen.accepted != 1:
        yield f"the provider accepted it {seen.accepted} times instead of once"
    if seen.own_ends != (COMPLETED,):
        yield f"it ended with {', '.join(seen.own_ends) or 'nothing'} instead of {COMPLETED} once"
    if seen.ended_early:
        yield "it ended before its provider let it run"
    if seen.story["JobQueued"] != 1:
        yield f"it was ordered {seen.story['JobQueued']} times instead of once"
    if seen.story["ExecutionFailed"]:
        yield f"{seen.story['ExecutionFailed']} of its attempts failed"


def _held(seen: Seen) -> Iterator[str]:
    held = sum(look.held for look in seen.looks)
    if held > HELD_SHARE_MAX * len(seen.looks):
        yield f"a process held it in {held} of {len(seen.looks)} looks"
    if any(_in_turn(seen.looks)):
        yield "a process held it from one look to the next"
    if behind := sum(look.unread > 0 for look in seen.looks):
        yield f"its order was not done with in {behind} of {len(seen.looks)} looks: a partition was held"


def _in_turn(looks: Sequence[Look]) -> Iterator[bool]:
    return (before.held and after.held for before, after in pairwise(looks))


def _too_little(seen: Seen) -> Iterator[str]:
    for service in seen.services:
        if seen.restarts[service] < RESTARTS_MIN:
            yield f"{service} restarted {seen.restarts[service]} times, at least {RESTARTS_MIN} must be"
    if seen.passed < seen.asked or not seen.asked:
        yield f"only {seen.passed} of {seen.asked} other jobs passed while it waited"
    if len(seen.looks) < LOOKS_MIN:
        yield f"only {len(seen.looks)} looks while it waited, at least {LOOKS_MIN} must be"
    days = {int(wait_s // DAY_S) for wait_s in seen.waits_s}
    if len(seen.waits_s) < SIGNS_MIN or len(days) < DAYS_TOLD_MIN or max(days, default=0) < DAYS - 1:
        yield f"{len(seen.waits_s)} signs of life told of {len(days)} days, {max(days, default=0)} whole ones at most"
    if not seen.workers_killed:
        yield "no process of the adapter was killed while it waited"
    if not seen.simulated:
        yield "the adapter computed nothing else while it waited"
