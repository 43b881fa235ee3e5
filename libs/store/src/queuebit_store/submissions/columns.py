"""Rows of the tables as values of the port."""

from __future__ import annotations

from typing import Any

from queuebit_store.submissions.port import Note, Submission, SubmissionState


def submission(row: Any) -> Submission:
    """A row whose columns have the names of the fields."""
    return Submission(**{**row, "state": SubmissionState(row["state"])})


def note(row: Any) -> Note:
    return Note(**{**row, "state": SubmissionState(row["state"])})
