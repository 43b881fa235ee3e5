"""What becomes of an answer after the end of its job, as the client reads it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from queuebit_contracts.model import Model


class Suspect(Model):
    """An operator found the answer suspect; `replaced_by` asks the same again."""

    actor: str
    reason: str
    at: datetime
    replaced_by: UUID | None = None


class Compensation(Model):
    """A command that the job named to undo it; once it was published, for which `cause` and when."""

    name: str
    on: tuple[str, ...]
    command: str
    data: dict[str, Any] = {}
    state: str
    compensation_id: UUID | None = None
    cause: str | None = None
    at: datetime | None = None


class Superseded(Model):
    """The job whose answer takes the place of this one's."""

    by: UUID
    at: datetime
