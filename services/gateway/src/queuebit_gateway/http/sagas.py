"""What a submission says of the work of others, as far as it can be checked at the door."""

from __future__ import annotations

from queuebit_contracts.errors import FieldError
from queuebit_contracts.sagas import Saga
from queuebit_gateway.access.authentication import Actor, require
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.read_model.jobs import Jobs


async def check_superseded(jobs: Jobs, actor: Actor, saga: Saga) -> None:
    """Raises Refusal: invalid_request where the job whose place is to be taken is none of theirs, role_forbids or scope_forbids
    where they may not cancel it, as it is withdrawn; and StoreError.
    """
    if saga.supersedes is None:
        return
    require(actor, "job:cancel")
    try:
        await jobs.find(actor.asker, saga.supersedes)
    except Refusal:
        wrong = FieldError("/supersedes", "job_not_found", "is no job of yours")
        raise Refusal(
            "invalid_request", f"{wrong}.", remedy="Name a job that you submitted, or leave it out.", errors=(wrong,)
        ) from None
