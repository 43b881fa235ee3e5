"""What folds over many jobs read of an event, and no more: reading all of it would cost ten times as much.

A fact is read from the same bytes as the event, also from those of an older version, by way of its upcasts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from queuebit_contracts.envelope import encode_data
from queuebit_contracts.errors import InvalidData
from queuebit_contracts.registry import MODELS, REGISTRY, name_of, type_name_of


class Fact(msgspec.Struct, frozen=True, gc=False):
    """What is read of one kind of event."""


class AskedProblem(msgspec.Struct, frozen=True, gc=False):
    kind: str


class Asked(msgspec.Struct, frozen=True):
    """A question without its statement."""

    problem: AskedProblem
    lane: str = "auto"
    tier: str = "interactive"
    labels: dict[str, str] = {}


class Submitted(Fact, frozen=True):
    request: Asked


class Rejected(Fact, frozen=True):
    code: str


class PlannedLeg(msgspec.Struct, frozen=True, gc=False):
    leg: str
    role: str
    lane: str
    after_end: str | None = None


class Planned(Fact, frozen=True):
    legs: tuple[PlannedLeg, ...]


class Queued(Fact, frozen=True, gc=False):
    attempt_id: str
    leg: str


class Held(Fact, frozen=True, gc=False):
    leg: str


class Started(Fact, frozen=True, gc=False):
    attempt_id: str
    leg: str


class Used(msgspec.Struct, frozen=True, gc=False):
    """What an attempt used, exactly as it was said."""

    wall_s: Decimal = Decimal(0)
    shots: int = 0
    cpu_s: Decimal = Decimal(0)
    qpu_s: Decimal = Decimal(0)


class Sum(msgspec.Struct, frozen=True, gc=False):
    amount: Decimal
    currency: str


class Paid(msgspec.Struct, frozen=True):
    """What was paid, by currency."""

    amount: Decimal = Decimal(0)
    currency: str = "USD"
    further: tuple[Sum, ...] | None = None

    def sums(self) -> dict[str, Decimal]:
        """By currency, without what is zero."""
        found: dict[str, Decimal] = {self.currency: self.amount} if self.amount else {}
        for each in self.further or ():
            if each.amount:
                found[each.currency] = found.get(each.currency, Decimal(0)) + each.amount
        return found


class RanOn(msgspec.Struct, frozen=True, gc=False):
    lane: str
    method: str = ""
    backend: str = ""


class Succeeded(Fact, frozen=True):
    attempt_id: str
    leg: str
    lane: str
    usage: Used = Used()
    cost: Paid = Paid()
    ran: RanOn = RanOn("")


class Failed(Fact, frozen=True):
    attempt_id: str
    leg: str
    usage: Used = Used()
    cost: Paid = Paid()
    backend: str | None = None


class Late(Fact, frozen=True):
    """What an attempt used that was known only later."""

    attempt_id: str
    leg: str
    usage: Used = Used()
    cost: Paid = Paid()


class Validated(Fact, frozen=True, gc=False):
    attempt_id: str
    leg: str


class Spent(Fact, frozen=True, gc=False):
    """A leg gives no answer any more: it was rejected, or is not wanted."""

    leg: str


class Completed(Fact, frozen=True):
    ran: RanOn
    verdict: str = ""
    proven_optimal: bool = False
    gap: float | None = None
    cost: Paid = Paid()
    usage: Used = Used()


class Ended(Fact, frozen=True):
    """A job ended without an answer."""

    code: str = ""
    cost: Paid = Paid()
    usage: Used = Used()


class Invalidated(Fact, frozen=True, gc=False):
    actor: str = ""


FACTS: Final[Mapping[str, type[Fact]]] = {
    "JobSubmitted": Submitted,
    "JobRejected": Rejected,
    "JobPlanned": Planned,
    "JobQueued": Queued,
    "JobHeld": Held,
    "JobStarted": Started,
    "ExecutionSucceeded": Succeeded,
    "ExecutionFailed": Failed,
    "ResultValidated": Validated,
    "ResultRejected": Spent,
    "AttemptAbandoned": Spent,
    "JobCompleted": Completed,
    "JobFailed": Ended,
    "JobCancelled": Ended,
    "JobExpired": Ended,
    "JobInvalidated": Invalidated,
    "LateUsageReported": Late,
}
"""The events that have a fact, by name."""


class Happened(NamedTuple):
    """An event as a projection reads it. `type` is its bare name."""

    job_id: UUID
    version: int
    tenant: str
    at: datetime
    type: str
    fact: Fact


_DECODERS = {name: msgspec.json.Decoder(fact, strict=False) for name, fact in FACTS.items()}
_TODAY = {name_of(model): model.schema_version for model in MODELS}


def version_of(name: str) -> int | None:
    """The version in which an event is said today, whose fact is read without its payload; None for a name without a fact."""
    return _TODAY.get(name) if name in FACTS else None


def read_fact(name: str, schema_version: int, data: str) -> Fact:
    """The fact of a stored event; of another version than today's the data must be whole, as its upcasts read all of it.
    Raises UnknownType for a version that is not read, and InvalidData.
    """
    if schema_version != _TODAY[name]:
        data = encode_data(REGISTRY.read_stored(name, schema_version, data)).decode()
    try:
        return _DECODERS[name].decode(data)
    except msgspec.MsgspecError as error:
        said = f"{type_name_of(name, schema_version)} lacks what folds read of it: {error}."
        raise InvalidData(said, remedy="Look at it with `queuebit ops replay inspect`.") from None
