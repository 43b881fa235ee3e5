"""What comes after nobody waits for it any more: a result, or what it cost. It is booked, and changes nothing else."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from queuebit_contracts.event import Event
from queuebit_contracts.jobs import Artifacts, Cost, Number, Usage
from queuebit_contracts.model import Sensitive

LateKind = Literal["answer", "failure", "usage"]


class LateUsageReported(Event):
    """What an attempt used or cost is known only now: the job has ended, or has given the attempt up.

    `report_id` is the same however often it is told, and what it says is booked once. `came`: an answer that nobody waited for,
    a failure, or only what was used. `objective` is what a late answer claims: nobody checks it. `submission`: the provider's
    own id of what was handed in, where it is about one.
    """

    report_id: UUID
    attempt_id: UUID
    leg: str
    came: LateKind
    usage: Usage = Usage()
    cost: Cost = Cost()
    backend: str | None = None
    submission: str | None = None
    detail: Sensitive[str] = ""
    objective: Number | None = None
    artifacts: Artifacts | None = None
