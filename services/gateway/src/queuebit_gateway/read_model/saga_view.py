"""Sagas of a job, as they are shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal, assert_never
from uuid import UUID

from pydantic import AwareDatetime, Field

from queuebit_contracts import events as ev
from queuebit_contracts.compensations import Cause, SagaEvent
from queuebit_contracts.model import Model


class CompensationView(Model):
    """A command that the job named to undo it. `requested`: it was published, at that time and for that cause."""

    name: str
    on: tuple[Cause, ...]
    command: str
    data: dict[str, Any] = {}
    state: Literal["named", "requested"] = "named"
    compensation_id: UUID | None = Field(default=None, description="Of the command, the same for ever: do it once.")
    cause: Cause | None = None
    at: AwareDatetime | None = None


class SupersededView(Model):
    """The job whose answer takes the place of this one's."""

    by: UUID
    at: AwareDatetime


@dataclass(frozen=True, slots=True)
class Sagas:
    """What a job names of the work of others, and what became of it."""

    compensations: tuple[CompensationView, ...] = ()
    supersedes: UUID | None = None
    superseded: SupersededView | None = None


NO_SAGAS: Final = Sagas()


def named(event: ev.JobSubmitted) -> Sagas:
    """What a question names."""
    if event.compensations is None and event.supersedes is None:
        return NO_SAGAS
    views = (CompensationView.model_validate(each.model_dump()) for each in event.compensations or ())
    return Sagas(tuple(views), event.supersedes)


def after(sagas: Sagas, event: SagaEvent, at: datetime) -> Sagas:
    """What became of it by one more event."""
    match event:
        case ev.CompensationRequested():
            said = {"state": "requested", "compensation_id": event.compensation_id, "cause": event.cause, "at": at}
            known = sagas.compensations
            return replace(
                sagas, compensations=tuple(x.model_copy(update=said) if x.name == event.name else x for x in known)
            )
        case ev.JobSuperseded():
            return replace(sagas, superseded=SupersededView(by=event.by, at=at))
        case ev.SupersessionRequested():
            return sagas
        case _:
            assert_never(event)
