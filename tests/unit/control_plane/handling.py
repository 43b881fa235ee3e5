"""The command handler where only what matters to a test is said."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from queuebit_contracts.ids import refusal_id_of, uuid7
from queuebit_control_plane.handler import CommandHandler, InboundCommand
from queuebit_domain.job.messages import Message, Refuse, Submit
from queuebit_store.memory import MemoryStore
from tests.builders import JOB_ID, NOW, a_submit, a_success, a_verdict
from tests.fakes.clocks import StoppedClock

CAUSE = uuid7(int(NOW.timestamp() * 1000), 99)


def a_command(message: Message, job_id: UUID = JOB_ID, cause: UUID = CAUSE) -> InboundCommand:
    tenant = "acme" if isinstance(message, Submit | Refuse) else ""
    rival = refusal(cause) if isinstance(message, Submit) else None
    return InboundCommand(job_id, message, cause, tenant, "00-trace", rival_id=rival)


def refusal(cause: UUID) -> UUID:
    return refusal_id_of("acme", "/upstream", cause)


def a_handler(store: MemoryStore, clock: StoppedClock | None = None) -> CommandHandler:
    return CommandHandler(store, clock or StoppedClock(), appended=lambda: None)


async def names(store: MemoryStore, job_id: UUID = JOB_ID) -> list[str]:
    return [event.type for event in (await store.load([job_id])).get(job_id, [])]


STORY: list[Callable[[], Message]] = [a_submit, a_success, a_verdict]


WHOLE = [
    "JobSubmitted",
    "JobPlanned",
    "JobQueued",
    "JobStarted",
    "ExecutionSucceeded",
    "ResultValidated",
    "JobCompleted",
]
