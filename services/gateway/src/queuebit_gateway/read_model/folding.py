"""The fold behind the job view, event by event. Where the job stands is the domain's own fold."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, assert_never
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.jobs import Cost, Usage
from queuebit_contracts.origin import whole_origin
from queuebit_domain.job.evolve import evolve
from queuebit_domain.job.label import label
from queuebit_domain.job.money import add_cost, add_usage, total
from queuebit_domain.job.state import EndedJob, Job, NoJob, OpenJob
from queuebit_gateway.read_model.attempts import Attempt
from queuebit_gateway.read_model.ends_view import EXPIRED, CancellationView, FailureView, RejectionView
from queuebit_gateway.read_model.models import FallbackView, JobView, ParentView, ProgressView, SuspectView
from queuebit_gateway.read_model.money_view import MoneyView, with_money
from queuebit_gateway.read_model.outcome_view import outcome_view
from queuebit_gateway.read_model.plan_view import Progress, approval_view, plan_view
from queuebit_gateway.read_model.saga_view import NO_SAGAS, Sagas, after, named
from queuebit_gateway.read_model.waiting_view import HeldView, held_view, waiting_view
from queuebit_problems.kind import gap_of


@dataclass(slots=True)
class Folding:
    """The fold on its way: what the view is made of."""

    job_id: UUID
    job: Job = field(default_factory=NoJob)
    request: dict[str, Any] = field(default_factory=dict)
    lane: str = ""
    planned: ev.JobPlanned | None = None
    outcome: dict[str, Any] = field(default_factory=dict)
    reasons: tuple[str, ...] | None = None
    attempts: dict[UUID, Attempt] = field(default_factory=dict)
    progress: ProgressView | None = None
    fallbacks: list[FallbackView] = field(default_factory=list)
    improvements: int = 0
    spent: list[tuple[Cost, Usage]] = field(default_factory=list)
    chosen: UUID | None = None
    held: dict[str, HeldView] = field(default_factory=dict)
    money: dict[str, MoneyView] = field(default_factory=dict)
    sagas: Sagas = NO_SAGAS

    def apply(self, event: ev.JobEvent, at: datetime) -> None:
        """Take one event in. Raises CorruptStream where it does not fit those before."""
        self.job = evolve(self.job, event, at, self.job_id)
        match event:
            case ev.JobSubmitted():
                self._job_submitted(event)
            case ev.JobRejected():
                self._job_rejected(event)
            case ev.JobPlanned():
                self.planned = event
                self.held.clear()
            case ev.JobQueued():
                self._job_queued(event, at)
            case ev.JobStarted():
                self._job_started(event)
            case ev.ExecutionProgressed():
                self._execution_progressed(event, at)
            case ev.ExecutionSucceeded():
                self._execution_succeeded(event)
            case ev.ExecutionFailed():
                self._execution_failed(event, at)
            case ev.ResultValidated():
                self._result_validated(event)
            case ev.ResultRejected():
                self._result_rejected(event)
            case ev.AttemptAbandoned():
                self._attempt_abandoned(event, at)
            case ev.FallbackTaken():
                self._fallback_taken(event, at)
            case ev.JobHeld():
                self.held[event.leg] = held_view(event, at, self.held.get(event.leg))
            case ev.LateUsageReported():
                self._late_usage_reported(event)
            case ev.JobInvalidated():
                self.outcome["suspect"] = SuspectView.model_validate(event.model_dump() | {"at": at})
            case ev.JobCompleted():
                self._job_completed(event)
            case ev.JobImproved():
                self._job_improved(event)
            case ev.JobFailed():
                self._job_failed(event)
            case ev.JobCancelled():
                self._job_cancelled(event)
            case ev.JobExpired():
                self._job_expired(event)
            case ev.ApprovalRequested() | ev.ApprovalGranted() | ev.ApprovalDenied():
                pass
            case ev.OutcomeReported():
                self.outcome["outcomes"] = (*self.outcome.get("outcomes", ()), outcome_view(event, at))
            case ev.CompensationRequested() | ev.SupersessionRequested() | ev.JobSuperseded():
                self.sagas = after(self.sagas, event, at)
            case ev.BudgetReserved() | ev.BudgetSettled() | ev.BudgetExhausted():
                self.money = with_money(self.money, event, at)
            case _:
                assert_never(event)

    def _job_submitted(self, event: ev.JobSubmitted) -> None:
        request = event.request
        self.lane = request.lane
        self.request = {
            "kind": request.problem.kind,
            "tier": request.tier,
            "labels": request.labels,
            "deadline": request.deadline,
            "origin": whole_origin(event.origin, event.idempotency_key, request),
            "parent": event.parent and ParentView.model_validate(event.parent.model_dump()),
        }
        self.sagas = named(event)

    def _job_rejected(self, event: ev.JobRejected) -> None:
        self.outcome["rejection"] = RejectionView(
            code=event.code,
            field=event.field,
            detail=event.detail,
            remedy=event.remedy,
            conflicting_job_id=event.conflicting_job_id,
            retry_after_s=event.retry_after_s,
        )
        self.outcome["origin"] = event.origin
        self.reasons = (event.detail,)

    def _job_queued(self, event: ev.JobQueued, at: datetime) -> None:
        self.held.pop(event.leg, None)
        self.attempts[event.attempt_id] = Attempt(event, queued_at=at)

    def _job_started(self, event: ev.JobStarted) -> None:
        attempt = self.attempts.get(event.attempt_id)
        if attempt is not None:
            attempt.worker = event.worker
            attempt.started_at = event.started_at
            attempt.state = "running" if attempt.state == "queued" else attempt.state

    def _execution_progressed(self, event: ev.ExecutionProgressed, at: datetime) -> None:
        self.progress = ProgressView(
            attempt_id=event.attempt_id,
            leg=event.leg,
            at=at,
            elapsed_s=event.elapsed_s,
            objective=event.objective,
            bound=event.bound,
            gap=event.gap,
            detail=event.detail,
        )

    def _spend(self, event: ev.ExecutionSucceeded | ev.ExecutionFailed) -> None:
        """What a leg spends that goes on after the end is on the bill too."""
        self.spent.append((event.cost, event.usage))
        if isinstance(self.job, EndedJob):
            cost, usage = total(self.spent)
            self.outcome.update(cost=cost, usage=usage)

    def _execution_succeeded(self, event: ev.ExecutionSucceeded) -> None:
        self._spend(event)
        attempt = self.attempts.get(event.attempt_id)
        if attempt is not None:
            attempt.result = event
            attempt.end(event)
            attempt.started_at = attempt.started_at or event.started_at
            attempt.finished_at = event.finished_at
            if attempt.state in ("queued", "running"):
                attempt.state = "validating"

    def _execution_failed(self, event: ev.ExecutionFailed, at: datetime) -> None:
        self._spend(event)
        attempt = self.attempts.get(event.attempt_id)
        if attempt is not None:
            attempt.state = "failed"
            attempt.end(event)
            attempt.finished_at = at
            attempt.failure = FailureView(code=event.code.value, detail=event.detail, remedy=event.remedy)

    def _late_usage_reported(self, event: ev.LateUsageReported) -> None:
        """On the bill of the attempt, and on that of the job also where it has ended."""
        late = (event.cost, event.usage)
        self.spent.append(late)
        if (attempt := self.attempts.get(event.attempt_id)) is not None:
            attempt.spent = total([attempt.spent, late] if attempt.spent else [late])
        self.outcome |= {"cost": add_cost(self.outcome["cost"], event.cost)} if "cost" in self.outcome else {}
        self.outcome |= {"usage": add_usage(self.outcome["usage"], event.usage)} if "usage" in self.outcome else {}

    def _result_validated(self, event: ev.ResultValidated) -> None:
        attempt = self.attempts.get(event.attempt_id)
        if attempt is not None:
            attempt.state, attempt.judged = event.verdict, event

    def _result_rejected(self, event: ev.ResultRejected) -> None:
        attempt = self.attempts.get(event.attempt_id)
        if attempt is not None:
            attempt.state, attempt.judged = "rejected", event
            attempt.failure = FailureView(
                code=event.code, detail="; ".join(event.reasons), remedy="Another leg is taken where the plan has one."
            )

    def _attempt_abandoned(self, event: ev.AttemptAbandoned, at: datetime) -> None:
        self.held.pop(event.leg, None)
        attempt = self.attempts.get(event.attempt_id)
        if attempt is not None:
            attempt.state = "abandoned"
            attempt.finished_at = attempt.finished_at or at

    def _fallback_taken(self, event: ev.FallbackTaken, at: datetime) -> None:
        self.fallbacks.append(FallbackView.model_validate(event.model_dump() | {"at": at}))

    def _job_completed(self, event: ev.JobCompleted) -> None:
        self.chosen = event.attempt_id
        self.lane = event.ran.lane
        self.reasons = event.reasons
        self.outcome.update(
            kind=event.kind,
            answer=event.answer,
            objective=event.objective,
            bound=event.bound,
            gap=event.gap,
            proven_optimal=event.proven_optimal,
            verdict=event.verdict,
            confidence=event.confidence,
            ran=event.ran,
            cost=event.cost,
            usage=event.usage,
            elapsed_s=event.elapsed_s,
            suggestions=event.suggestions or (),
        )

    def _job_improved(self, event: ev.JobImproved) -> None:
        bound = self.outcome.get("bound")
        self.improvements += 1
        self.chosen = event.attempt_id
        self.lane = event.ran.lane
        self.outcome.update(
            answer=event.answer,
            objective=event.objective,
            gap=None if bound is None else gap_of(event.objective, bound),
            verdict=event.verdict,
            confidence=event.confidence,
            ran=event.ran,
        )

    def _job_failed(self, event: ev.JobFailed) -> None:
        self.reasons = event.reasons
        failure = FailureView(code=event.code.value, detail=event.detail, remedy=event.remedy)
        self.outcome.update(failure=failure, cost=event.cost, usage=event.usage, elapsed_s=event.elapsed_s)

    def _job_cancelled(self, event: ev.JobCancelled) -> None:
        self.outcome.update(cancellation=CancellationView(actor=event.actor, reason=event.reason), cost=event.cost)

    def _job_expired(self, event: ev.JobExpired) -> None:
        self.reasons = event.reasons
        self.outcome.update(cost=event.cost, failure=EXPIRED)

    def view(
        self, job_id: UUID, tenant: str, *, version: int, created_at: datetime, updated_at: datetime, with_plan: bool
    ) -> JobView:
        """The finished view."""
        (cost, usage), ended = total(self.spent), isinstance(self.job, EndedJob)
        progress = Progress(self.attempts.values(), self.held, self.chosen, ended)
        facts: dict[str, Any] = {
            **dict.fromkeys(("kind", "tier"), ""),
            "cost": cost,
            "usage": usage,
            **self.request,
            **self.outcome,
            "reasons": self.reasons if self.reasons is not None else (self.planned.reasons if self.planned else ()),
        }
        judged = self.attempts[self.chosen].judged if self.chosen in self.attempts else None
        return JobView(
            id=job_id,
            tenant=tenant,
            state=label(self.job),
            lane=self.lane,
            created_at=created_at,
            updated_at=updated_at,
            version=version,
            plan=plan_view(self.planned, progress, with_plan=with_plan) if self.planned else None,
            attempts=tuple(attempt.view() for attempt in self.attempts.values()),
            progress=self.progress,
            fallbacks=tuple(self.fallbacks),
            improvements=self.improvements,
            approval=approval_view(self.job.awaited) if isinstance(self.job, OpenJob) else None,
            money=tuple(self.money.values()),
            compensations=self.sagas.compensations,
            supersedes=self.sagas.supersedes,
            superseded=self.sagas.superseded,
            waiting=waiting_view(self.job),
            shares=judged.shares if isinstance(judged, ev.ResultValidated) else None,
            held=() if ended else tuple(self.held.values()),
            **facts,
        )
