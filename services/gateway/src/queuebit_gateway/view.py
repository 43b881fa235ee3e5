"""What a job view is made from: what was accepted, and events that are read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.envelope import PREFIX, decode_data, model_of
from queuebit_contracts.errors import UnknownType
from queuebit_gateway.views import JobView


class Stored(Protocol):
    """What the fold needs of an event."""

    @property
    def version(self) -> int: ...
    @property
    def type(self) -> str: ...
    @property
    def schema_version(self) -> int: ...
    @property
    def data(self) -> str: ...
    @property
    def time(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Accepted:
    """A question that was taken but is not in the event store yet: all that is known of it."""

    job_id: UUID
    tenant: str
    kind: str
    tier: str
    lane: str
    labels: dict[str, str]
    deadline: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of a job, read."""

    version: int
    at: datetime
    event: ev.JobEvent

    @property
    def name(self) -> str:
        return type(self.event).__name__


def read_event(stored: Stored) -> Happened:
    """The stored event as its model. Raises ContractError where it cannot be read."""
    model = model_of(f"{PREFIX}{stored.type}.v{stored.schema_version}")
    data = decode_data(model, stored.data.encode())
    if not isinstance(data, ev.JobEvent):
        raise UnknownType(f"{stored.type} is no event of a job.", remedy="Upgrade the gateway.")
    return Happened(stored.version, stored.time, data)


def fresh_view(accepted: Accepted) -> JobView:
    """The view of a job without events."""
    return JobView(
        id=accepted.job_id,
        tenant=accepted.tenant,
        state="submitted",
        kind=accepted.kind,
        tier=accepted.tier,
        lane=accepted.lane,
        labels=accepted.labels,
        deadline=accepted.deadline,
        created_at=accepted.created_at,
        updated_at=accepted.created_at,
        version=0,
    )
