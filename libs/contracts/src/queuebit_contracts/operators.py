"""What operators do, as events: every one names who did it and why.

Some stand in the stream of a job. What is held back stands in one stream of its own, the register of holds; each bulk operation
has a stream of its own too.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from queuebit_contracts.event import Event
from queuebit_contracts.jobs import KindName, Lane, LegName, Ran
from queuebit_contracts.model import Model
from queuebit_contracts.origin import Origin

ACTOR_LENGTH_MAX, REASON_LENGTH_MAX = 255, 1000
Actor = Annotated[str, StringConstraints(min_length=1, max_length=ACTOR_LENGTH_MAX)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=REASON_LENGTH_MAX)]
RatePerS = Annotated[float, Field(gt=0)]

PRIORITY_MIN, PRIORITY_MAX = -9, 9
Priority = Annotated[int, Field(ge=PRIORITY_MIN, le=PRIORITY_MAX)]
"""Of the jobs of a tenant that wait for their turn on a lane the highest goes first; 0 where nobody has said anything."""

HoldScope = Literal["all", "tenant", "job", "kind", "lane", "tier", "backend"]
"""What a hold names: everything, or all that shares this one thing."""
HOLD_SCOPES: tuple[HoldScope, ...] = ("all", "tenant", "job", "kind", "lane", "tier", "backend")

ParentRole = Literal["fork", "rerun"]


class Parent(Model):
    """The job that a job was made from: a `fork` goes on from a version of it with something changed, a `rerun` asks the very
    same again. What had happened up to `version` is shared; `operation` names the bulk operation that made it.
    """

    job_id: UUID
    version: int
    role: ParentRole
    actor: Actor
    reason: Reason
    operation: UUID | None = None


class JobHeld(Event):
    """An attempt is not let onto its lane: an operator holds it back, who is named with the reason. `hold` is the number of the
    hold. When the hold is lifted `JobQueued` follows; deadlines go on counting.

    Where nobody holds it but its tenant has its share of the lane out, it waits for its turn: the hold is 0, and `expected_s`
    is how long the attempt is expected to run. `priority`: it goes before those of its tenant with a lower one; where an
    operator changes it, the event comes once more, with their name and reason. With `until` it waits for that moment: the hold
    is 0 too, and the reason says whether a window opens then or the job is not to begin before.
    """

    leg: LegName
    lane: Lane
    number: int
    hold: int
    scope: HoldScope
    value: str
    actor: Actor
    reason: Reason
    expected_s: float | None = None
    priority: Priority | None = None
    until: AwareDatetime | None = None


class JobInvalidated(Event):
    """The answer of a completed job is suspect: an operator says so, with the reason. It was given by `ran`.

    `replaced_by`: the job that asks the same again, where one does.
    """

    kind: KindName
    leg: LegName
    attempt_id: UUID
    ran: Ran
    completed_at: AwareDatetime
    actor: Actor
    reason: Reason
    operation: UUID | None = None
    replaced_by: UUID | None = None
    origin: Origin | None = None


class HoldPlaced(Event):
    """From now on nothing that the hold covers is let onto a lane. Its number is the version of this event in the register.

    `pause`: work stops flowing for a while; `quarantine`: what it names is suspect.
    """

    why: Literal["pause", "quarantine"]
    scope: HoldScope
    value: str = ""
    actor: Actor
    reason: Reason


class HoldEased(Event):
    """What the hold covers flows again, at most so many jobs a second, the oldest first; when none waits, the hold is over."""

    hold: int
    rate_per_s: RatePerS
    actor: Actor
    reason: Reason


class HoldReleased(Event):
    """The hold is over: what it alone held back is let onto its lanes."""

    hold: int
    actor: Actor
    reason: Reason


HoldEvent = HoldPlaced | HoldEased | HoldReleased
"""What may stand in the register of holds."""


class OperationFrozen(Event):
    """A bulk operation was prepared: its verb and arguments, and how many things it is about. They follow as its targets."""

    verb: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    arguments: dict[str, str]
    targets: Annotated[int, Field(ge=0)]
    actor: Actor


TARGETS_A_PART = 1000
"""So many targets stand in each part of an operation but the last."""


class OperationTargets(Event):
    """A part of what the operation is about, in order: nothing is added to it later."""

    targets: tuple[str, ...]


class OperationStarted(Event):
    """Somebody lets the operation act, now or once more after it was interrupted: at most so fast, at most on so many."""

    actor: Actor
    reason: Reason
    rate_per_s: RatePerS | None = None
    limit: Annotated[int, Field(ge=1)] | None = None


class OperationAdvanced(Event):
    """The operation has dealt with the targets before `done`: how many had which outcome since then, and what failed."""

    done: int
    outcomes: dict[str, int]
    failures: dict[str, str] = {}


class OperationStopped(Event):
    """The operation acts no further: it is done, somebody cancelled it, or it stopped by itself, with the reason."""

    how: Literal["done", "cancelled", "stopped"]
    actor: Actor
    reason: str = ""


OVER_HTTP = "key:"
"""How the actor of what is done over HTTP begins: the id of a key follows."""
RunHere = Literal["jobs cancel", "jobs invalidate", "jobs recall", "jobs rerun", "jobs reprioritise", "jobs reroute"]
RUN_HERE: tuple[RunHere, ...] = get_args(RunHere)
"""Bulk verbs that may be prepared and started over HTTP, and are run beside a gateway."""

OperationEvent = OperationFrozen | OperationTargets | OperationStarted | OperationAdvanced | OperationStopped
"""What may stand in the stream of a bulk operation."""
