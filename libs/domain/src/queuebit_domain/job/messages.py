"""What the job can be told: facts from workers, wishes from people, and the time."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.jobs import Lane
from queuebit_domain.policy.facts import Facts


@dataclass(frozen=True, slots=True)
class Submit:
    """An admitted question: valid, of a known kind and tenant, with its size measured and its fingerprint taken.

    `planned`: its plan, where a policy other than that of this release made it, or as it was recorded: it is not made again.
    """

    job_id: UUID
    event: ev.JobSubmitted
    inputs: Facts
    planned: ev.JobPlanned | None = None


@dataclass(frozen=True, slots=True)
class Refuse:
    """A question that cannot be taken, and why. It gets a stream of its own."""

    event: ev.JobRejected


@dataclass(frozen=True, slots=True)
class Cancel:
    """Somebody of this tenant withdraws the job."""

    tenant: str
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Wake:
    """Time has passed, or a hold was lifted: look at what is due. `eased`: it is the job's turn at holds that were eased.
    `turn`: it is its turn at its tenant's share.
    """

    eased: bool = False
    turn: bool = False


@dataclass(frozen=True, slots=True)
class Recall:
    """An operator wants back what is out, was not begun, and would be held now; with `begun`, also what was."""

    begun: bool = False


@dataclass(frozen=True, slots=True)
class Reprioritise:
    """An operator says before and behind which others of its tenant the job waits for its turn."""

    priority: int
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reroute:
    """An operator wants the job to wait no longer for its turn, but to go on with what its plan has on that lane; or by
    `planned`, its plan with what waits on another backend.
    """

    lane: Lane
    actor: str
    reason: str
    planned: ev.JobPlanned | None = None


@dataclass(frozen=True, slots=True)
class Invalidate:
    """An operator finds the answer of the completed job suspect."""

    event: ev.JobInvalidated


@dataclass(frozen=True, slots=True)
class Supersede:
    """A job of this tenant has an answer that takes the place of this job's."""

    tenant: str
    by: UUID


@dataclass(frozen=True, slots=True)
class Grant:
    """A person allows the plan that `digest` names. `tenant`: whose jobs they may decide on; None for operators."""

    digest: str
    actor: str
    reason: str = ""
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class Deny:
    """A person refuses the plan that `digest` names. `tenant`: as for a grant."""

    digest: str
    actor: str
    reason: str
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class Settle:
    """Nobody will say any more what an attempt cost, and nothing that was handed in for the leg lives: what was set aside
    counts as spent where something was `handed_in`, and is released else.
    """

    leg: str
    handed_in: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """Somebody of this tenant says what acting on the answer brought."""

    tenant: str
    event: ev.OutcomeReported


Report = (
    ev.JobStarted
    | ev.ExecutionProgressed
    | ev.ExecutionSucceeded
    | ev.ExecutionFailed
    | ev.ResultValidated
    | ev.ResultRejected
    | ev.LateUsageReported
)
"""What workers and the validator say."""

Message = (
    Submit
    | Refuse
    | Cancel
    | Wake
    | Recall
    | Reprioritise
    | Reroute
    | Invalidate
    | Grant
    | Deny
    | Settle
    | Outcome
    | Supersede
    | Report
)
