"""The attempts of a job as the fold sees them, and what they used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from queuebit_contracts import events as ev
from queuebit_contracts.jobs import Cost, Usage
from queuebit_gateway.read_model.ends_view import FailureView
from queuebit_gateway.read_model.models import AttemptView, LegProgress


@dataclass(slots=True)
class Attempt:
    """One try of a leg, on its way."""

    order: ev.JobQueued
    queued_at: datetime
    state: LegProgress = "queued"
    worker: str = ""
    started_at: datetime | None = None
    result: ev.ExecutionSucceeded | None = None
    finished_at: datetime | None = None
    failure: FailureView | None = None
    spent: tuple[Cost, Usage] | None = None
    artifacts: int = 0
    judged: ev.ResultValidated | ev.ResultRejected | None = None

    def end(self, event: ev.ExecutionSucceeded | ev.ExecutionFailed) -> None:
        """What it used, and how much is kept of it."""
        self.spent = (event.cost, event.usage)
        self.artifacts = event.artifacts.count if event.artifacts else 0

    def view(self) -> AttemptView:
        """The attempt as it is shown."""
        result = self.result
        verdict = self.judged if isinstance(self.judged, ev.ResultValidated) else None
        stated = verdict or result
        cost, usage = self.spent or (Cost(), Usage())
        counts = result.provenance.get("counts_fingerprint") if result else None
        return AttemptView(
            attempt_id=self.order.attempt_id,
            leg=self.order.leg,
            role=self.order.role,
            lane=self.order.lane,
            number=self.order.number,
            state=self.state,
            worker=self.worker or (result.worker if result else ""),
            queued_at=self.queued_at,
            started_at=self.started_at,
            finished_at=self.finished_at,
            objective=stated.objective if stated else None,
            bound=stated.bound if stated else None,
            gap=verdict.gap if verdict else None,
            proven_optimal=verdict.proven_optimal if verdict else None,
            confidence=verdict.confidence if verdict else None,
            ran=result.ran if result else None,
            cost=cost,
            usage=usage,
            evidence=result.evidence if result else {},
            counts_fingerprint=counts if isinstance(counts, str) else None,
            artifacts=self.artifacts,
            reasons=self.judged.reasons if self.judged else (),
            failure=self.failure,
        )
