"""Questions that the server answers with one document: where each is asked, and how the answer is read.

A new one is its model and its `Read` here; both clients ask it by `read`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from urllib.parse import quote
from uuid import UUID

from queuebit_client.models import Fallback, PlannedLeg
from queuebit_contracts.jobs import Ran
from queuebit_contracts.model import Model

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Read(Generic[M]):
    """The model of the answer, and the path with the names of its fields in braces."""

    model: type[M]
    path: str

    def path_of(self, fields: dict[str, Any]) -> str:
        """The path for these fields, each quoted. Raises KeyError where one is missing."""
        return self.path.format_map({name: quote(str(value), safe="") for name, value in fields.items()})


class TimelineEntry(Model):
    """One event in words."""

    version: int
    at: datetime
    since_start_s: float
    since_previous_s: float
    event: str
    leg: str | None = None
    text: str


class AttemptTimes(Model):
    """Where the time of one attempt went, in seconds."""

    attempt_id: UUID
    leg: str
    number: int
    state: str
    queue_s: float | None = None
    run_s: float | None = None
    validate_s: float | None = None


class Explanation(Model):
    """Why the job went as it went."""

    job_id: UUID
    state: str
    summary: str
    plan: str | None = None
    rule: str | None = None
    policy_version: str | None = None
    inputs: dict[str, Any] = {}
    reasons: tuple[str, ...] = ()
    legs: tuple[PlannedLeg, ...] = ()
    ran: Ran | None = None
    attempts: tuple[AttemptTimes, ...] = ()
    fallbacks: tuple[Fallback, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()


class KindSummary(Model):
    """A problem kind in a few words."""

    name: str
    version: int
    title: str
    sense: str | None
    formats: tuple[str, ...]


class Kind(KindSummary):
    """A problem kind: its schema, and an example to send."""

    answer_shape: str
    params: dict[str, str]
    statement_schema: dict[str, Any]
    example: dict[str, Any]


class KindList(Model):
    """All kinds."""

    data: tuple[KindSummary, ...]


EXPLANATION = Read(Explanation, "/v1/jobs/{job_id}/explain")
KIND = Read(Kind, "/v1/kinds/{name}")
KINDS = Read(KindList, "/v1/kinds")
