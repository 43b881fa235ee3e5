"""Whose a job is, in the words of whoever asked: what a subscriber needs to find the question that an end belongs to."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from queuebit_contracts.jobs import IdempotencyKey, JobRequest
from queuebit_contracts.model import Model, Sensitive, copy_with

GIVEN_LENGTH_MAX = 1024
Given = Annotated[str, StringConstraints(min_length=1, max_length=GIVEN_LENGTH_MAX)]


class Origin(Model):
    """Where a question came from. `event_id` and `source` are those of the event that asked, as it was sent; over HTTP that is
    the gateway's. `subject` and `correlation_id` are what the caller gave, and mean nothing to Queuebit.
    """

    event_id: Given | None = None
    source: Given | None = None
    subject: Sensitive[Given] | None = None
    correlation_id: Given | None = None
    idempotency_key: IdempotencyKey | None = None
    labels: Annotated[Sensitive[dict[str, str]], Field(max_length=20)] = {}


NO_ORIGIN = Origin()


def whole_origin(origin: Origin | None, key: str | None, request: JobRequest) -> Origin:
    """What ends carry: where the question came from, with its key and its labels."""
    return copy_with(origin or NO_ORIGIN, idempotency_key=key, labels=request.labels)
