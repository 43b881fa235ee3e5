"""What somebody says that acting on an answer brought, as it is sent."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, Field

from queuebit_contracts.events import OutcomeReported
from queuebit_contracts.jobs import Number
from queuebit_contracts.model import StrictModel
from queuebit_contracts.outcomes import Brought, Detail
from queuebit_gateway.webhooks.models import Moment


def _number(value: Any) -> Any:
    """One reason for one field: neither a flag nor a text is a number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("Input should be a number")
    return value


class OutcomeBody(StrictModel):
    """The body of POST /v1/jobs/{id}/outcomes: what acting on its answer brought."""

    acted: bool = Field(description="Whether the answer was acted on at all.")
    attempt_id: UUID | None = Field(default=None, description="Which answer, where it was not the last.")
    objective: Annotated[Number, BeforeValidator(_number)] | None = Field(
        default=None, description="What it came to in reality."
    )
    value: Brought | None = Field(default=None, description="What it brought, in money; below zero where it lost some.")
    observed_at: Moment | None = None
    detail: Detail = ""

    def event(self, report_id: UUID, actor: str) -> OutcomeReported:
        """What is said, under the id of this report."""
        return OutcomeReported(**dict(self), report_id=report_id, actor=actor)
