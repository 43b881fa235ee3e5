"""What a question says of the work of others, beside its request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.compensations import Compensation


class Saga(NamedTuple):
    """What is to become of others' work by this job: what is undone when it does not count, and the job whose answer its own
    takes the place of.
    """

    compensations: tuple[Compensation, ...] | None = None
    supersedes: UUID | None = None


NO_SAGA = Saga()


def content_of(request_fingerprint: str, saga: Saga) -> str:
    """The fingerprint of a question with what it names beside its request; of most, which name nothing, that of the request."""
    if not saga.compensations and saga.supersedes is None:
        return request_fingerprint
    named: Sequence[Any] = [each.model_dump(mode="json") for each in saga.compensations or ()]
    return fingerprint([request_fingerprint, named, None if saga.supersedes is None else str(saga.supersedes)])
