"""Questions that the server answers with one document: where each is asked, and how the answer is read.

A new one is its model and its `Read` here; both clients ask it by `read`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar
from urllib.parse import quote
from uuid import UUID

from queuebit_client import notebook
from queuebit_client.approvals import Approval
from queuebit_client.models import Fallback, PlannedLeg
from queuebit_contracts.backends import BackendList, BackendView
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

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002
        """How a notebook shows it."""
        return notebook.of_explanation(self)


class Artifact(Model):
    """Something that is kept of an attempt beside its events; it is read by its SHA-256."""

    name: str
    sha256: str | None = None
    bytes: int
    kept: bool
    about: dict[str, Any] = {}


class AttemptArtifacts(Model):
    """What is kept of one attempt. `unread`: why its list cannot be read, where that is so."""

    attempt_id: UUID
    leg: str
    sha256: str
    count: int
    unread: str | None = None
    artifacts: tuple[Artifact, ...] = ()


class ArtifactList(Model):
    """What is kept of the latest attempts of a job."""

    data: tuple[AttemptArtifacts, ...]
    has_more: bool = False


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


class Fresh(Model):
    """How far behind the events the figures are. `counts_from`: what began before lay in archives, and is not in them."""

    behind_s: float
    counts_from: datetime | None = None


class UsageDay(Model):
    """What was used on one day, in UTC. Amounts are exact."""

    day: date
    jobs: dict[str, int] = {}
    executions: dict[str, int] = {}
    shots: int = 0
    cost: dict[str, Decimal] = {}
    lane_s: dict[str, Decimal] = {}


class Usage(Fresh):
    """What was used, the latest day first."""

    days: tuple[UsageDay, ...]


class BacklogGroup(Model):
    """Jobs that have not ended, at the same place: since when the one is there that is there longest."""

    state: str
    lane: str
    tier: str
    jobs: int
    there_since: datetime
    submitted_at: datetime


class Backlog(Fresh):
    """What is on its way, the largest groups first."""

    open: int
    groups: tuple[BacklogGroup, ...]


class Budget(Model):
    """What may be spent in one window of time, exactly. `left` is below zero where more was spent than was set aside."""

    id: str
    budget: str
    purpose: str
    currency: str
    period: str
    window: str
    standing: str
    limit: Decimal
    left: Decimal
    reserved: Decimal
    spent: Decimal
    used_percent: float | None = None
    passed_percent: tuple[int, ...] = ()
    resets_at: datetime | None = None


class BudgetHold(Model):
    """What is set aside for one leg of a job."""

    job_id: UUID
    leg: str
    attempt_id: UUID
    amount: Decimal
    since: datetime


class BudgetDetail(Budget):
    """A budget with what is set aside of it now, the oldest first."""

    holds: tuple[BudgetHold, ...] = ()
    more_holds: bool = False


class BudgetList(Model):
    """Budgets of the present window."""

    data: tuple[Budget, ...]


class QuotePart(Model):
    """One part of an offer."""

    name: str
    quantity: Decimal
    price: Decimal
    amount: Decimal


class QuoteAmount(Model):
    """An exact amount."""

    amount: Decimal
    currency: str


class Quote(Model):
    """An offer for one request on one backend: give its id to `submit_body` with the same request before it expires."""

    id: str
    request: str
    leg: str
    lane: str
    backend: str
    amount: QuoteAmount
    parts: tuple[QuotePart, ...]
    expires_at: datetime
    digest: str
    plan: str
    fits: bool | None = None
    short: str | None = None


class LedgerEntry(Model):
    """One line of the ledger of a budget."""

    id: UUID
    kind: str
    amount: Decimal
    at: datetime
    job_id: UUID | None = None
    leg: str = ""
    attempt_id: UUID | None = None
    reason: str = ""
    actor: str | None = None


class LedgerPage(Model):
    """Lines of the ledger, the latest first."""

    data: tuple[LedgerEntry, ...]
    has_more: bool
    next_cursor: str | None = None


APPROVAL = Read(Approval, "/v1/approvals/{job_id}")
ARTIFACTS = Read(ArtifactList, "/v1/jobs/{job_id}/artifacts")
BACKEND = Read(BackendView, "/v1/backends/{name}")
BACKENDS = Read(BackendList, "/v1/backends")
EXPLANATION = Read(Explanation, "/v1/jobs/{job_id}/explain")
KIND = Read(Kind, "/v1/kinds/{name}")
KINDS = Read(KindList, "/v1/kinds")
USAGE = Read(Usage, "/v1/usage?days={days}")
BUDGET = Read(BudgetDetail, "/v1/budgets/{budget_id}")
BUDGETS = Read(BudgetList, "/v1/budgets?past={past}")
BACKLOG = Read(Backlog, "/v1/backlog")
