"""Earlier answers that compete: how a job names one, and how a plan tells of it."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from pydantic import AwareDatetime

from queuebit_contracts.model import Model, Sensitive

CANDIDATE_PARAM: Final = "candidate"
"""A job that says `candidate: JOB` lets the answer of that job compete, checked anew against its own statement."""


class Cached(Model):
    """The answer of `job_id`, given at `answered_at` to the `same` statement or to another one, as a leg of its own: it is
    checked against the statement of now, and costs nothing. Without a job it stands for whichever the caller names.
    """

    job_id: UUID | None = None
    answered_at: AwareDatetime | None = None
    same: bool | None = None
    answer: Sensitive[dict[str, Any]] | None = None
