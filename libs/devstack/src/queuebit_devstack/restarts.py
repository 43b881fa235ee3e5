"""What becomes of a service that has ended: a rule over its exit code and its earlier ends. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from queuebit_runtime.retry import Backoff
from queuebit_runtime.service.service import EXIT_CLEAN, EXIT_TAKEN, EXIT_USAGE

PAUSES = Backoff(base_s=0.5, ceiling_s=30.0, floor_s=0.1)
PAUSE_TAKEN_S = 30.0
"""Where another process has the instance id, that one is at work: nothing is in a hurry."""
LOOP_ENDS = 5
LOOP_WINDOW_S = 120.0
"""So many ends within so many seconds are a crash loop: it is told, and the pauses are long."""

_HOPELESS = {EXIT_USAGE: "a setting is wrong"}
TAKEN = "another live process has its group instance id"


@dataclass(frozen=True, slots=True)
class Again:
    """It is started again after a pause. `looping`: it ends again and again."""

    pause_s: float
    looping: bool


@dataclass(frozen=True, slots=True)
class Waits:
    """It is started again after a pause, and waits then until what another process has is free."""

    pause_s: float
    why: str


@dataclass(frozen=True, slots=True)
class GivenUp:
    """No start would help until somebody has mended the cause."""

    why: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """It ended in good order, so somebody asked it to: it stays down."""


Fate = Again | Waits | GivenUp | Stopped


def fate_of(exit_code: int | None, earlier_s: Sequence[float], now_s: float) -> Fate:
    """Decide. `exit_code`: negative for a signal, none where nobody knows it; `earlier_s`: the moments of its earlier ends."""
    if exit_code == EXIT_CLEAN:
        return Stopped()
    if exit_code in _HOPELESS:
        return GivenUp(_HOPELESS[exit_code])
    if exit_code == EXIT_TAKEN:
        return Waits(PAUSE_TAKEN_S, TAKEN)
    ends = 1 + sum(now_s - each < LOOP_WINDOW_S for each in earlier_s)
    pause_s = PAUSES.delay_s(ends, 1.0)
    assert pause_s is not None, "a service is started again without end"
    return Again(pause_s, looping=ends >= LOOP_ENDS)
