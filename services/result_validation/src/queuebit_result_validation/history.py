"""What became of earlier answers: the last verdicts on each kind of problem from each backend, bounded and in memory.

It begins empty with the process and is fed by the verdicts in the order in which they are given; the verdict on one attempt
counts once, however often it is given. Only lanes that sample are remembered: what a solver answers is recomputed in full.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from queuebit_contracts.events import ExecutionSucceeded, Verdict
from queuebit_contracts.intervals import wilson
from queuebit_contracts.jobs import Lane

VERDICTS_MAX = 100
BACKENDS_MAX = 1000
RECENT = 20
"""The last so many verdicts are held against those before them."""

LANES: frozenset[Lane] = frozenset({"quantum", "simulator"})

_Key = tuple[str, Lane, str]


@dataclass(frozen=True, slots=True)
class Track:
    """How many of the last verdicts were given and how many of them accepted; `recent_*` of the last `RECENT` alone."""

    count: int = 0
    accepted: int = 0
    recent_count: int = 0
    recent_accepted: int = 0

    @property
    def dropped(self) -> bool:
        """Whether the recent share of acceptance is lower than the share before it, beyond what chance explains."""
        earlier = self.count - self.recent_count
        if self.recent_count < RECENT or earlier < RECENT:
            return False
        recent_high = wilson(self.recent_accepted / self.recent_count, self.recent_count)[1]
        return recent_high < wilson((self.accepted - self.recent_accepted) / earlier, earlier)[0]


NO_TRACK = Track()


class History:
    """The record. Not for several threads at once."""

    def __init__(self) -> None:
        self._verdicts: OrderedDict[_Key, OrderedDict[UUID, bool]] = OrderedDict()

    def track(self, execution: ExecutionSucceeded) -> Track:
        """How earlier answers of this backend to this kind fared, the one at hand left out."""
        key = _key(execution)
        verdicts = None if key is None else self._verdicts.get(key)
        if not verdicts:
            return NO_TRACK
        others = [good for attempt_id, good in verdicts.items() if attempt_id != execution.attempt_id]
        recent = others[-RECENT:]
        return Track(len(others), sum(others), len(recent), sum(recent))

    def note(self, execution: ExecutionSucceeded, verdict: Verdict) -> None:
        """A verdict was given."""
        key = _key(execution)
        if key is None:
            return
        verdicts = self._verdicts.setdefault(key, OrderedDict())
        self._verdicts.move_to_end(key)
        verdicts[execution.attempt_id] = verdict == "accepted"
        for attempt_id in list(islice(verdicts, max(0, len(verdicts) - VERDICTS_MAX))):
            del verdicts[attempt_id]
        if len(self._verdicts) > BACKENDS_MAX:
            self._verdicts.popitem(last=False)


def _key(execution: ExecutionSucceeded) -> _Key | None:
    if execution.lane not in LANES or execution.problem is None:
        return None
    return execution.problem.kind, execution.lane, execution.ran.backend
