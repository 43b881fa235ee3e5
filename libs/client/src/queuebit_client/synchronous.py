"""The client for programs without an event loop."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from typing import Any, Self, TypeVar, Unpack
from uuid import UUID

import httpx2
from pydantic import BaseModel

from queuebit_client.approvals import Approval
from queuebit_client.batches import Fate
from queuebit_client.changes import Change
from queuebit_client.config import resolve
from queuebit_client.core import Core
from queuebit_client.forecast import DryRun
from queuebit_client.handles import Handle
from queuebit_client.models import Job, JobEvent, JobSummary, TenantEvent
from queuebit_client.reads import (
    APPROVAL,
    BACKEND,
    BACKENDS,
    BACKLOG,
    BUDGET,
    BUDGETS,
    EXPLANATION,
    KIND,
    KINDS,
    USAGE,
    Backlog,
    Budget,
    BudgetDetail,
    Explanation,
    Kind,
    KindSummary,
    LedgerEntry,
    Quote,
    Read,
    Usage,
)
from queuebit_client.request import Wishes, request_body
from queuebit_client.steps import Emit, Step, Steps, returning
from queuebit_client.synchronous_line import Line
from queuebit_contracts.backends import BackendView
from queuebit_contracts.model import Model

T = TypeVar("T")
M = TypeVar("M", bound=Model)


class Queuebit:
    """Talks to one gateway. Arguments win over the environment, that over the profile, that over a local stack's file.

    Every call is repeated on transient failures, at most four times within a minute; a submission carries an idempotency key,
    so a repeat never makes a second job. Raises the exceptions of `queuebit_client.errors`.
    """

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        profile: str | None = None,
        core: Core | None = None,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        config = resolve(url=url, api_key=api_key, profile=profile)
        self._core = core or Core()
        self._http = httpx2.Client(
            base_url=config.url, headers=config.headers, transport=transport, follow_redirects=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def submit(
        self,
        problem: Mapping[str, Any] | BaseModel | object,
        *,
        key: str | None = None,
        wait_s: float | None = None,
        **wishes: Unpack[Wishes],
    ) -> Job:
        """Submit a problem (`kind`, `version`, `statement`), or an object of another package (see `objects`) with its
        `kind`, where it may be several, and what it does not hold in `statement`. The same `key` with the same content gives
        the same job.
        """
        return self._run(self._core.submit(request_body(problem, **wishes), key, wait_s))

    def start(
        self, problem: Mapping[str, Any] | BaseModel | object, *, key: str | None = None, **wishes: Unpack[Wishes]
    ) -> Handle:
        """Submit, and hold the job in the hand: to wait for its end, or to see how it goes on."""
        return self.handle(self.submit(problem, key=key, **wishes))

    def handle(self, job: Job) -> Handle:
        """This job in the hand."""
        return Handle(self, job)

    def submit_body(
        self, body: Mapping[str, Any], *, key: str | None = None, wait_s: float | None = None, quote: str | None = None
    ) -> Job:
        """Submit a whole request body as it is; `quote`: the id of the offer that it is held to."""
        return self._run(self._core.submit(body, key, wait_s, quote))

    def quote(self, body: Mapping[str, Any], *, valid_s: float | None = None) -> Quote:
        """What a whole request body may cost at most, to be held to for a while."""
        return self._run(self._core.quote(body, valid_s))

    def dry_run(self, body: Mapping[str, Any]) -> DryRun:
        """What would become of a whole request body: its plan, when an answer may be there, and what it costs."""
        return self._run(self._core.dry_run(body))

    def submit_all(self, bodies: Iterable[Mapping[str, Any]]) -> Iterator[Fate]:
        """Submit many request bodies, up to 1,000 a call; each may hold its `idempotency_key`. The fate of each, in order."""
        return self._iterate(self._core.submit_all(bodies))

    def follow(self, names: Sequence[str] = (), *, after: str = "", compact: bool = True) -> Iterator[TenantEvent]:
        """What happens to all your jobs, as it happens and without an end; only events of these names, where some are given.
        `after`: the `cursor` of the last event seen, or `beginning`.
        """
        return self._iterate(self._core.follow(names, after, compact=compact))

    def get(self, job_id: UUID | str, *, include: Sequence[str] = ()) -> Job:
        """The job as it is now; `include` may name `events`, `plan` and `shares`."""
        return self._run(self._core.get(str(job_id), include))

    def wait(self, job_id: UUID | str, *, timeout_s: float | None = None) -> Job:
        """The job when it has ended. Raises WaitTimeout after `timeout_s`; the job goes on."""
        return self._run(self._core.wait(str(job_id), timeout_s))

    def watch(self, job_id: UUID | str, *, after: int = 0, compact: bool = True) -> Iterator[JobEvent]:
        """Events as they happen, strictly after version `after`, each once, up to the terminal one."""
        return self._iterate(self._core.watch(str(job_id), after, compact=compact))

    def events(self, job_id: UUID | str) -> tuple[dict[str, Any], ...]:
        """What has happened so far, as structured CloudEvents without problem statements."""
        return (self.get(job_id, include=("events",))).events or ()

    def read(self, what: Read[M], **fields: Any) -> M:
        """The document that answers this question of `queuebit_client.reads`, for these fields of its path."""
        return self._run(self._core.read(what, fields))

    def send(self, change: Change[M]) -> M:
        """Make a change of `queuebit_client.api_keys` or `queuebit_client.endpoints`, and give what the server says of it."""
        return self._run(self._core.send(change))

    def artifact(self, job_id: UUID | str, sha256: str) -> bytes:
        """What is kept of a job under this hash; `read(ARTIFACTS, job_id=…)` lists what is."""
        return self._run(self._core.artifact(str(job_id), sha256))

    def explain(self, job_id: UUID | str) -> Explanation:
        """Why the job went as it went."""
        return self.read(EXPLANATION, job_id=job_id)

    def cancel(self, job_id: UUID | str, *, reason: str = "", if_version: int | None = None) -> Job:
        """Ask for the job to be withdrawn. Raises Conflict where it has ended, or is not at `if_version`."""
        return self._run(self._core.cancel(str(job_id), reason, if_version))

    def list(self, *, limit: int | None = None, **filters: Any) -> Iterator[JobSummary]:
        """Jobs, newest first; pages are fetched as needed. Filters: state, kind, tier, created_from, created_to."""
        return self._iterate(self._core.list(filters, limit))

    def usage(self, days: int = 7) -> Usage:
        """What you used on the last days, today included, in UTC."""
        return self.read(USAGE, days=days)

    def backlog(self) -> Backlog:
        """Your jobs that have not ended, by state, lane and tier."""
        return self.read(BACKLOG)

    def approval(self, job_id: UUID | str) -> Approval:
        """The plan of a job that waits for people. Raises NotFound where it waits for nobody."""
        return self.read(APPROVAL, job_id=job_id)

    def approvals(self, *, limit: int | None = None) -> Iterator[Approval]:
        """Plans that wait for people; pages are fetched as needed."""
        return self._iterate(self._core.approvals(limit))

    def grant(self, job_id: UUID | str, digest: str, *, reason: str = "") -> Approval:
        """Allow exactly the plan that `digest` names. Raises Conflict where what waits is another, Forbidden where it waits for
        others.
        """
        return self._run(self._core.decide_plan(str(job_id), digest, reason, grant=True))

    def deny(self, job_id: UUID | str, digest: str, *, reason: str) -> Approval:
        """Refuse exactly the plan that `digest` names: its job is cancelled."""
        return self._run(self._core.decide_plan(str(job_id), digest, reason, grant=False))

    def budgets(self, *, past: bool = False) -> tuple[Budget, ...]:
        """What you may spend at providers in the present window; with `past` also windows that are over."""
        return (self.read(BUDGETS, past=past)).data

    def budget(self, budget_id: str) -> BudgetDetail:
        """One budget, with what is set aside of it now."""
        return self.read(BUDGET, budget_id=budget_id)

    def ledger(self, budget_id: str, *, limit: int | None = None) -> Iterator[LedgerEntry]:
        """Lines of the ledger of a budget, the latest first; pages are fetched as needed."""
        return self._iterate(self._core.ledger(budget_id, limit))

    def kinds(self) -> tuple[KindSummary, ...]:
        """The problem kinds of the server."""
        return (self.read(KINDS)).data

    def kind(self, name: str) -> Kind:
        """One problem kind: schema and example."""
        return self.read(KIND, name=name)

    def backends(self) -> tuple[BackendView, ...]:
        """The backends, how each can and is; one that has not reported lately is `stale`."""
        return (self.read(BACKENDS)).data

    def backend(self, name: str) -> BackendView:
        """One backend by its name."""
        return self.read(BACKEND, name=name)

    def _run(self, steps: Steps[T]) -> T:
        found: list[T] = []
        with Line(self._http) as line:
            for _ in line.items(returning(steps, found)):
                raise AssertionError("an operation with one result emits nothing")
        return found[0]

    def _iterate(self, steps: Generator[Step | Emit[T], Any, None]) -> Iterator[T]:
        with Line(self._http) as line:
            yield from line.items(steps)
