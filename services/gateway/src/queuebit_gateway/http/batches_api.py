"""The route that takes many jobs at once."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from queuebit_contracts.sagas import NO_SAGA
from queuebit_gateway.commands import Taken
from queuebit_gateway.http import examples
from queuebit_gateway.http.envelope import request_id_of
from queuebit_gateway.http.jobs_api import Submitting, body_of
from queuebit_gateway.http.openapi import RATE, answer, problems, request_body
from queuebit_gateway.http.parts import charge, parts_of
from queuebit_gateway.http.requests import BatchBody
from queuebit_gateway.http.sagas import check_superseded, check_taken
from queuebit_gateway.http.tracing import traceparent_of
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.questions import Keyed, in_turns
from queuebit_gateway.read_model.batches import Batch, BatchLine
from queuebit_gateway.read_model.jobs import summary_of
from queuebit_gateway.read_model.view import fresh_summary

router = APIRouter(prefix="/v1", tags=["jobs"])


@router.post(
    "/batches",
    response_model=Batch,
    summary="Submit many jobs",
    operation_id="submit_batch",
    responses={200: answer(*RATE, example=examples.BATCH), **problems(401, 403, 413, 415, 422, 429)},
    openapi_extra=request_body(BatchBody, "traceparent", example=examples.SUBMIT_BATCH),
)
async def submit_batch(request: Request, actor: Submitting) -> Response:
    """Take up to 1,000 jobs, each with a key and a fate of its own: one that is refused stops no other.

    Each counts as one submission of the rate. Where the answer is 429 or 503 send the whole batch again: its keys make that
    safe.
    """
    parts = parts_of(request)
    body = await body_of(request)
    read = await parts.reader.read_all(body, actor.asker, lambda jobs: charge(request, actor, "submit", jobs - 1))
    for nth, each in enumerate(read):
        if isinstance(each, Keyed) and each.terms.saga is not NO_SAGA:
            try:
                await check_taken(await check_superseded(parts.jobs, actor, each.terms.saga))
            except Refusal as refusal:
                read[nth] = refusal
    questions = [each._replace(terms=each.terms._replace(by=actor.name)) for each in read if isinstance(each, Keyed)]
    taken = iter(await parts.submitter.submit_all(questions, traceparent_of(request)) if questions else ())
    fates = [each if isinstance(each, Refusal) else next(taken) for each in read]
    request_id = request_id_of(request.scope)
    lines = tuple([_line(fate, request_id) async for fate in in_turns(fates)])
    refused = sum(line.problem is not None for line in lines)
    found = Batch(taken=len(lines) - refused, refused=refused, data=lines)
    return Response(found.model_dump_json(), media_type="application/json")


def _line(fate: Taken | Refusal, request_id: str) -> BatchLine:
    if isinstance(fate, Refusal):
        return BatchLine(status=fate.problem.status, problem=fate.body(request_id))
    job = summary_of(fate.row) if fate.row is not None else fresh_summary(fate.accepted)
    return BatchLine(status=202, replayed=fate.replayed, job=job)
