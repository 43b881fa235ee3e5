"""Where the legs of an open job stand, as small as a row can hold it: enough for the one word that lists show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from queuebit_contracts import facts as f
from queuebit_contracts.jobs import JobState

Leg = Sequence[str | bool]
"""The lane, the word for where the leg stands, the attempt that is out, and whether its verdict is there already."""
Legs = Mapping[str, Leg]
"""The legs that are waited for, by name, in no order: a table keeps none. A shadow is none of them."""

SHADOW: Final = "shadow"
IDLE, QUEUED, RUNNING, VALIDATING = "idle", "queued", "running", "validating"
HELD: Final = "held"
_FARTHEST: Final[Mapping[str | bool, int]] = {QUEUED: 1, RUNNING: 2, VALIDATING: 3}
_WORDS: Final[tuple[JobState, ...]] = ("planned", "queued", "running", "validating")

READ: Final = frozenset(
    {
        "JobPlanned",
        "JobQueued",
        "JobHeld",
        "JobStarted",
        "ExecutionSucceeded",
        "ExecutionFailed",
        "ResultValidated",
        "ResultRejected",
        "AttemptAbandoned",
    }
)
"""The events that move a leg."""


def moved(legs: Legs, fact: f.Fact) -> Legs:
    """The legs after an event; the same ones where it moves none."""
    match fact:
        case f.Planned():
            return {each.leg: (each.lane, IDLE, "", False) for each in fact.legs if each.role != SHADOW}
        case f.Queued():
            return _with(legs, fact.leg, QUEUED, fact.attempt_id)
        case f.Started() if _out(legs, fact.leg, fact.attempt_id) == QUEUED:
            return _with(legs, fact.leg, RUNNING, fact.attempt_id, judged=bool(legs[fact.leg][3]))
        case f.Succeeded() if _out(legs, fact.leg, fact.attempt_id) is not None:
            return _with(legs, fact.leg, IDLE if legs[fact.leg][3] else VALIDATING, fact.attempt_id)
        case f.Validated() if (word := _out(legs, fact.leg, fact.attempt_id)) is not None:
            if word == VALIDATING:
                return _with(legs, fact.leg, IDLE)
            return _with(legs, fact.leg, word, fact.attempt_id, judged=True)
        case f.Failed() if _out(legs, fact.leg, fact.attempt_id) is not None:
            return _with(legs, fact.leg, IDLE)
        case f.Spent():
            return _with(legs, fact.leg, IDLE)
        case f.Held():
            return _with(legs, fact.leg, HELD)
        case _:
            return legs


def word_of(legs: Legs) -> JobState:
    """The word for an open job: `held` where a leg is, else that of the leg at work that has come farthest."""
    if not legs:
        return "submitted"
    farthest = 0
    for leg in legs.values():
        word = leg[1]
        if word == HELD:
            return HELD
        rank = _FARTHEST.get(word, 0)
        if rank > farthest:
            farthest = rank
    return _WORDS[farthest]


def lane_of(legs: Legs, word: JobState, wish: str) -> str:
    """The lane of a job: that of the leg that gives it its word, of several the first by name; or what was wished for."""
    found = ""
    for name in legs:
        if legs[name][1] == word and (not found or name < found):
            found = name
    return str(legs[found][0]) if found else wish


def _out(legs: Legs, name: str, attempt_id: str) -> str | None:
    """The word of the leg whose attempt this is; None where another is out, or none."""
    leg = legs.get(name)
    return str(leg[1]) if leg is not None and leg[2] == attempt_id and leg[1] in _FARTHEST else None


def _with(legs: Legs, name: str, word: str, attempt_id: str = "", *, judged: bool = False) -> Legs:
    leg = legs.get(name)
    if leg is None:
        return legs
    return {**legs, name: (leg[0], word, attempt_id if word in _FARTHEST else "", judged)}
