"""What acting on an answer brought, as whoever acted on it says."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, StringConstraints

from queuebit_contracts.event import Event
from queuebit_contracts.jobs import CurrencyCode, Number
from queuebit_contracts.model import Model, Sensitive

SignedAmount = Annotated[str, StringConstraints(pattern=r"^-?\d{1,15}(\.\d{1,12})?$")]
"""An exact decimal amount as text, below zero where something was lost."""
Detail = Annotated[str, StringConstraints(max_length=1000)]


class Brought(Model):
    """What it brought: an exact amount, and its currency (ISO 4217)."""

    amount: SignedAmount
    currency: CurrencyCode


class OutcomeReported(Event):
    """What acting on the answer of a completed job brought. It is booked on the job, once for each `report_id`; absent, the
    message itself is the report. The envelope must name the tenant, which must be that of the job.

    `acted`: whether the answer was acted on at all. `attempt_id`: which answer, where it was not the job's last. `objective`:
    what it came to in reality, in the units of the job's. `value`: what it brought, in money.
    """

    acted: bool
    report_id: UUID | None = None
    attempt_id: UUID | None = None
    objective: Number | None = None
    value: Brought | None = None
    observed_at: AwareDatetime | None = None
    detail: Sensitive[Detail] = ""
    actor: Annotated[str, StringConstraints(max_length=255)] = ""
