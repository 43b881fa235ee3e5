"""What a submission says of the work of others, as far as it can be checked at the door."""

from __future__ import annotations

from typing import Final

from queuebit_contracts.errors import FieldError
from queuebit_contracts.sagas import Saga
from queuebit_gateway.access.authentication import Actor, require
from queuebit_gateway.http.waits import Waiter
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.read_model.jobs import Found, Jobs

TAKEN_WAIT_S: Final = 5.0
RETRY_AFTER_S: Final = 1.0


async def check_superseded(jobs: Jobs, actor: Actor, saga: Saga) -> Found | None:
    """The job whose place is to be taken. Raises Refusal: invalid_request where it is none of theirs, role_forbids or
    scope_forbids where they may not cancel it, as it is withdrawn; and StoreError.
    """
    if saga.supersedes is None:
        return None
    require(actor, "job:cancel")
    try:
        return await jobs.find(actor.asker, saga.supersedes)
    except Refusal:
        wrong = FieldError("/supersedes", "job_not_found", "is no job of yours")
        raise Refusal(
            "invalid_request", f"{wrong}.", remedy="Name a job that you submitted, or leave it out.", errors=(wrong,)
        ) from None


async def check_taken(found: Found | None, waiter: Waiter | None = None) -> None:
    """The job must be there when it is told of another's answer: one that nobody has begun with would never hear of it. It is
    waited for where somebody may. Raises Refusal service_unavailable.
    """
    if found is not None and found.row is None and waiter is not None:
        found = await waiter.until_newer(found, 0, TAKEN_WAIT_S)
    if found is not None and found.row is None:
        wrong = FieldError("/supersedes", "not_taken_yet", "was submitted a moment ago, and is not taken yet")
        raise Refusal("service_unavailable", f"{wrong}.", errors=(wrong,), retry_after_s=RETRY_AFTER_S)
