"""Where the legs of an open job stand, as small as a row can hold it: enough for the one word that lists show."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

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
    move = _MOVES.get(type(fact))
    return legs if move is None else move(legs, fact)


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


def _planned(_legs: Legs, fact: f.Planned) -> Legs:
    return {each.leg: (each.lane, IDLE, "", False) for each in fact.legs if each.role != SHADOW}


def _queued(legs: Legs, fact: f.Queued) -> Legs:
    return _with(legs, fact.leg, QUEUED, fact.attempt_id)


def _started(legs: Legs, fact: f.Started) -> Legs:
    if _out(legs, fact.leg, fact.attempt_id) != QUEUED:
        return legs
    return _with(legs, fact.leg, RUNNING, fact.attempt_id, judged=bool(legs[fact.leg][3]))


def _succeeded(legs: Legs, fact: f.Succeeded) -> Legs:
    if _out(legs, fact.leg, fact.attempt_id) is None:
        return legs
    return _with(legs, fact.leg, IDLE if legs[fact.leg][3] else VALIDATING, fact.attempt_id)


def _validated(legs: Legs, fact: f.Validated) -> Legs:
    word = _out(legs, fact.leg, fact.attempt_id)
    if word is None:
        return legs
    if word == VALIDATING:
        return _with(legs, fact.leg, IDLE)
    return _with(legs, fact.leg, word, fact.attempt_id, judged=True)


def _failed(legs: Legs, fact: f.Failed) -> Legs:
    return legs if _out(legs, fact.leg, fact.attempt_id) is None else _with(legs, fact.leg, IDLE)


def _spent(legs: Legs, fact: f.Spent) -> Legs:
    return _with(legs, fact.leg, IDLE)


def _held(legs: Legs, fact: f.Held) -> Legs:
    return _with(legs, fact.leg, HELD)


_MOVES: Final[Mapping[type[f.Fact], Callable[[Legs, Any], Legs]]] = {
    f.Planned: _planned,
    f.Queued: _queued,
    f.Started: _started,
    f.Succeeded: _succeeded,
    f.Validated: _validated,
    f.Failed: _failed,
    f.Spent: _spent,
    f.Held: _held,
}
"""By the fact itself: asking whether it is one of each kind in turn takes longer than all of the move."""


def _out(legs: Legs, name: str, attempt_id: str) -> str | None:
    """The word of the leg whose attempt this is; None where another is out, or none."""
    leg = legs.get(name)
    return str(leg[1]) if leg is not None and leg[2] == attempt_id and leg[1] in _FARTHEST else None


def _with(legs: Legs, name: str, word: str, attempt_id: str = "", *, judged: bool = False) -> Legs:
    leg = legs.get(name)
    if leg is None:
        return legs
    return {**legs, name: (leg[0], word, attempt_id if word in _FARTHEST else "", judged)}
