"""What workers and the validator say of an attempt: that it began, how far it is, what came of it, and what that is worth."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import AwareDatetime

from queuebit_contracts.event import Answer, Event, Verdict
from queuebit_contracts.failures import FailureAction, FailureCode
from queuebit_contracts.jobs import Artifacts, Confidence, Cost, Lane, LegName, Number, ParamValue, Problem, Ran, Usage
from queuebit_contracts.model import Model, Sensitive
from queuebit_contracts.shares import Shares


class JobStarted(Event):
    """A worker began an attempt."""

    attempt_id: UUID
    leg: str
    worker: str
    started_at: AwareDatetime


class ExecutionProgressed(Event):
    """How far an attempt has come: best objective and bound so far, elapsed seconds.

    Of one that waits at a provider: how many are before it, how long that may take, and within how long the next such sign is
    to be expected, where that is longer than its budget. Nobody takes it for lost before.
    """

    attempt_id: UUID
    leg: str
    elapsed_s: float
    objective: Number | None = None
    bound: Number | None = None
    gap: float | None = None
    detail: str = ""
    queue_position: int | None = None
    wait_s: float | None = None
    next_within_s: float | None = None


class ExecutionSucceeded(Event):
    """A worker has an answer. Its objective is a claim: the validator recomputes it. It is None where the kind has none.

    `problem` is echoed for the validator and is never stored; `fingerprint` is that of the problem, so a validator that was
    shown another problem is found out. `evidence` holds what confidence is computed from (feasible fraction, samples, …).
    `artifacts`: what is kept of the run, where something is.
    """

    attempt_id: UUID
    leg: str
    lane: Lane
    ran: Ran
    answer: Sensitive[Answer]
    objective: Number | None = None
    bound: Number | None = None
    proven_optimal: bool = False
    started_at: AwareDatetime
    finished_at: AwareDatetime
    worker: str = ""
    usage: Usage = Usage()
    cost: Cost = Cost()
    provenance: dict[str, Any] = {}
    evidence: dict[str, Any] = {}
    problem: Sensitive[Problem] | None = None
    params: dict[str, ParamValue] = {}
    artifacts: Artifacts | None = None


class ExecutionFailed(Event):
    """An attempt ended without an answer, with the reason, the remedy and when a retry makes sense.

    `action`: what the plan is to do, where the attempt knows better than the table of failures. `backend`: where it failed;
    `reason`: the provider's own code for it; `artifacts`: what is kept of what it said.
    """

    attempt_id: UUID
    leg: str
    code: FailureCode
    detail: Sensitive[str]
    remedy: str
    retry_after_s: float | None = None
    usage: Usage = Usage()
    cost: Cost = Cost()
    action: FailureAction | None = None
    backend: str | None = None
    reason: str | None = None
    artifacts: Artifacts | None = None


class ResultValidated(Event):
    """The validator recomputed the answer from the problem itself and found it feasible. `shares`: what its objective is made
    of, where the job asks for it.
    """

    attempt_id: UUID
    leg: str
    verdict: Verdict
    objective: Number | None = None
    bound: Number | None = None
    gap: float | None = None
    proven_optimal: bool = False
    confidence: Confidence
    reasons: tuple[str, ...] = ()
    problem_fingerprint: str
    answer_fingerprint: str
    shares: Sensitive[Shares] | None = None


class ResultRejected(Event):
    """The validator proved the answer wrong."""

    attempt_id: UUID
    leg: str
    code: str
    reasons: tuple[str, ...]
    problem_fingerprint: str
    answer_fingerprint: str


class Suggestion(Model):
    """The checked answer of a leg that advises: it was not chosen, and goes along for whoever decides."""

    leg: LegName
    attempt_id: UUID
    ran: Ran
    answer: Sensitive[Answer]
    objective: Number | None = None
    verdict: Verdict
    confidence: float
