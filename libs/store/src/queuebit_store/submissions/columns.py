"""Rows of the tables as values of the port."""

from __future__ import annotations

from typing import Any

from queuebit_store.submissions.port import Note, Submission, SubmissionState


def submission(row: Any) -> Submission:
    """A row whose columns have the names of the fields."""
    regions = None if row["regions"] is None else tuple(row["regions"])
    return Submission(**{**row, "state": SubmissionState(row["state"]), "regions": regions})


def note(row: Any) -> Note:
    return Note(**{**row, "state": SubmissionState(row["state"])})
