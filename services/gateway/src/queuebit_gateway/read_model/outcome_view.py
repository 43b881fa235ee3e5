"""What acting on an answer brought, as it is shown."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import AwareDatetime

from queuebit_contracts.events import OutcomeReported
from queuebit_contracts.jobs import Number
from queuebit_contracts.model import Model
from queuebit_contracts.outcomes import Brought


class OutcomeView(Model):
    """What somebody who acted on the answer says that it brought."""

    report_id: UUID | None
    at: AwareDatetime
    acted: bool
    attempt_id: UUID | None = None
    objective: Number | None = None
    value: Brought | None = None
    observed_at: AwareDatetime | None = None
    detail: str = ""
    actor: str = ""


def outcome_view(event: OutcomeReported, at: datetime) -> OutcomeView:
    """The event as it is shown."""
    return OutcomeView(**event.model_dump(), at=at)
