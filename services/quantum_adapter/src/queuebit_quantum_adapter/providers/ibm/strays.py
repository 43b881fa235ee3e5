"""Batches whose opening nobody heard of: its answer was lost, or whoever asked for it was gone. They stay open and empty.

IBM lists the batches of our user, by whichever client they were opened. Ours are told by how long they may last, a number that
nobody chooses by hand. One that still takes jobs long after a submission would have used it is closed; a submission that comes
to a closed batch is not taken, and opens another.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from queuebit_quantum_adapter.errors import AnswerUnreadable
from queuebit_runtime.clock import SystemClock

BATCH_TTL_S = 8 * 3600 - 7
"""How long our batches may last, and what they are told by."""
STRAY_S = 900.0
"""A batch is used seconds after it was opened, or has been forgotten."""
SWEEP_S = 3600.0
PAGE, PAGES_MAX = 50, 20

NOW = SystemClock().now

Listed = Callable[[datetime, datetime], Mapping[str, Any]]
"""A page of our user's batches that were opened between two moments, the oldest first."""


class Strays:
    """Looks for them now and then, as often as it is asked."""

    def __init__(
        self,
        *,
        sweep_s: float = SWEEP_S,
        stray_s: float = STRAY_S,
        monotonic_s: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = NOW,
    ) -> None:
        """`sweep_s`: how long after a look there is another; `stray_s`: how old a batch is that nobody will use any more."""
        self._sweep_s, self._stray_s = sweep_s, stray_s
        self._monotonic_s, self._now = monotonic_s, now
        self._looked_s: float | None = None

    def close(
        self, listed: Listed, told: Callable[[str], Mapping[str, Any]], close: Callable[[str], None]
    ) -> tuple[str, ...]:
        """Close those that are there; none where it is too early for another look. `told`: what IBM says of one batch. Raises
        AdapterError.
        """
        now_s = self._monotonic_s()
        if self._looked_s is not None and now_s - self._looked_s < self._sweep_s:
            return ()
        self._looked_s = now_s
        closed = tuple(each for each in self._open(listed) if _ours(told(each)))
        for batch in closed:
            close(batch)
        return closed

    def _open(self, listed: Listed) -> list[str]:
        before = self._now() - timedelta(seconds=self._stray_s)
        after = before - timedelta(seconds=BATCH_TTL_S)
        seen: dict[str, bool] = {}
        for _ in range(PAGES_MAX):
            try:
                rows = list(listed(after, before)["workloads"])
                found = {str(row["id"]): row.get("accepting_jobs") is True for row in rows}
                if len(rows) < PAGE or found.keys() <= seen.keys():
                    return [batch for batch, takes in {**seen, **found}.items() if takes]
                seen |= found
                after = datetime.fromisoformat(str(rows[-1]["created"]))
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise AnswerUnreadable(f"IBM Quantum lists batches in other words: {error!r}") from error
        return [batch for batch, takes in seen.items() if takes]


def _ours(told: Mapping[str, Any]) -> bool:
    return told.get("max_ttl") == BATCH_TTL_S and told.get("mode") == "batch" and told.get("accepting_jobs") is True
