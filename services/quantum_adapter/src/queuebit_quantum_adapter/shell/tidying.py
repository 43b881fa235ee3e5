"""Puts away what nobody needs any more of the ledger, a bounded batch at a time."""

from __future__ import annotations

from datetime import timedelta

from queuebit_quantum_adapter.submissions.ledger import Ledger
from queuebit_runtime.clock import Clock

TIDY_S = 600.0
BATCH_MAX = 1000
ORPHANED_S = 600.0
"""Submissions whose attempts have all ended for so long are cancelled: no further try will ask for them."""


class Tidier:
    """Looks every TIDY_S, and at once again where a batch was full."""

    def __init__(self, clock: Clock, kept_s: float) -> None:
        """`kept_s`: how long attempts and submissions are kept after their end."""
        self._clock = clock
        self._kept_s = kept_s
        self._next_s = float("-inf")

    async def tidy(self, ledger: Ledger) -> None:
        """Where it is time. Raises StoreError."""
        if self._clock.monotonic_s() < self._next_s:
            return
        now = await ledger.attempts_now()
        before = now - timedelta(seconds=self._kept_s)
        await ledger.cancel_orphans(now - timedelta(seconds=ORPHANED_S), BATCH_MAX)
        gone = max(await ledger.forget_attempts(before, BATCH_MAX), await ledger.forget_submissions(before, BATCH_MAX))
        self._next_s = self._clock.monotonic_s() + (0.0 if gone == BATCH_MAX else TIDY_S)
