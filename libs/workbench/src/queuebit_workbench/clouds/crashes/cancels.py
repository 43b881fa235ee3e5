"""Submissions that nobody wants any more, from a certain place on: somebody says so as soon as they have come there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from queuebit_store.submissions.port import Submission, SubmissionState

PLACES = ("intended", "fence open", "submitting", "unknown", "following", "succeeded")
"""In the order in which a submission may come by. One that does not come by its place is cancelled at the next."""
HELD = PLACES[1:-1]
"""What is cancelled there is kept waiting by its cloud, so that no cancel is too late."""


def planned(keys: Sequence[UUID]) -> dict[UUID, str]:
    """The place of each, in turns."""
    return {key: PLACES[number % len(PLACES)] for number, key in enumerate(keys)}


class Fickle:
    """A ledger in which somebody wants a submission cancelled once it has come to its place. `tell` hears of each place."""

    def __init__(self, store: Any, unwanted: Mapping[UUID, str], tell: Callable[[str], None]) -> None:
        self._store, self._tell = store, tell
        self._left = dict(unwanted)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def save_submission(
        self, submission: Submission, note: str, *, release: bool, result: bytes | None = None
    ) -> bool:
        """Saved first: whoever dies between leaves it to the next that comes by."""
        saved: bool = await self._store.save_submission(submission, note, release=release, result=result)
        wanted = self._left.get(submission.key)
        if not saved or wanted is None or submission.state.final:
            return saved
        place = _place(submission)
        if PLACES.index(place) >= PLACES.index(wanted):
            del self._left[submission.key]
            if not submission.cancel_wanted:
                await self._store.want_cancelled(submission.attempt_id)
                self._tell(place)
        return saved


def _place(row: Submission) -> str:
    return PLACES[1] if row.state is SubmissionState.INTENDED and row.fence is not None else row.state.value
