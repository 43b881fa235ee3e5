"""What the objective of an answer is made of, worked out from the stored question and the answer when somebody asks."""

from __future__ import annotations

import json
from uuid import UUID

from queuebit_contracts.jobs import Problem
from queuebit_contracts.sealed import SEAL
from queuebit_contracts.shares import Shares
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.read_model.jobs import Found
from queuebit_gateway.read_model.models import JobView
from queuebit_gateway.read_model.payloads import Payloads
from queuebit_problems.admission import QUICK_BYTES_MAX
from queuebit_problems.errors import ProblemError
from queuebit_problems.optimisation import Optimisation
from queuebit_problems.registry import kind_of, parse_problem
from queuebit_problems.shares import shown
from queuebit_runtime.errors import Overloaded, PoolCrashed, PoolExhausted, PoolMemory, PoolStopped, PoolTimeout
from queuebit_runtime.processes.bounded_work import BoundedWork
from queuebit_store.ports import StreamStore

TELL = "queuebit_gateway.read_model.shares:told_in_process"
RETRY_AFTER_S = 1.0


class SharesRead:
    """Tells the shares of answers. What is large, or may take its time, is worked out where it can be ended."""

    def __init__(self, store: StreamStore, payloads: Payloads, work: BoundedWork) -> None:
        self._store = store
        self._payloads = payloads
        self._work = work

    async def with_shares(self, found: Found, view: JobView, *, revealing: bool = False) -> JobView:
        """The view with what its objective is made of: as the verdict has it, or else worked out from the question and the
        answer. As it is where there is no objective, the kind tells nothing, it was erased, or it is sealed and nobody is
        `revealing` it. Raises Refusal.
        """
        if view.answer is None or view.objective is None or view.shares is not None or not _is_optimisation(view.kind):
            return view
        asked = await self._store.events_of(found.stream_id, limit=1, tenant=found.tenant)
        if not asked:
            return view
        text = f'{{"asked":{asked[0].data},"answer":{json.dumps(view.answer)}}}'
        if SEAL in text and not revealing:
            return view
        text = await self._payloads.opened(text, found.tenant, job_of(found, view))
        shares = await self._told(view.kind, text, found.tenant)
        return view if shares is None else view.model_copy(update={"shares": shares})

    async def _told(self, kind: str, text: str, tenant: str) -> Shares | None:
        if len(text) <= QUICK_BYTES_MAX and kind_of(kind).admission_is_linear:
            return told_shares(text)
        try:
            shares: Shares | None = await self._work.run(TELL, text, tenant=tenant, size_bytes=len(text))
        except (PoolExhausted, PoolMemory):
            return None
        except Overloaded as busy:
            code = "rate_limited" if busy.of_tenant else "service_unavailable"
            raise Refusal(code, "Too much waits to be worked out.", retry_after_s=busy.retry_after_s) from None
        except (PoolTimeout, PoolCrashed, PoolStopped):
            detail = "The shares of the answer could not be worked out in time."
            raise Refusal("service_unavailable", detail, retry_after_s=RETRY_AFTER_S) from None
        return shares


def job_of(found: Found, view: JobView) -> UUID | None:
    """The job that all which is sealed of it was sealed for; None where it was made from another, whose data it has."""
    return found.stream_id if view.parent is None else None


def _is_optimisation(kind: str) -> bool:
    try:
        return isinstance(kind_of(kind), Optimisation)
    except ProblemError:
        return False


def told_shares(text: str) -> Shares | None:
    """The shares of an answer, from a JSON document of the event that asked and the answer; None where nothing can be told."""
    try:
        # Only the standard library reads all that others have written: integers of any length, halves of surrogate pairs.
        document = json.loads(text)
        kind, statement = parse_problem(Problem.model_validate(document["asked"]["request"]["problem"]))
    except (ProblemError, ValueError, RecursionError):
        return None
    if not isinstance(kind, Optimisation) or kind.answer_errors(statement, document["answer"]):
        return None
    shares = kind.shares(statement, document["answer"])
    return None if shares is None else shown(shares)


def told_in_process(text: str, _progress: object) -> Shares | None:
    """The same, for a worker process."""
    return told_shares(text)
