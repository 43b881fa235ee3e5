"""A body taken as a question, whoever wrote it."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from queuebit_gateway.access.authentication import Actor
from queuebit_gateway.http.conditions import tag_of
from queuebit_gateway.http.job_answers import as_json, told
from queuebit_gateway.http.parts import parts_of
from queuebit_gateway.http.quoted import quoted
from queuebit_gateway.http.requests import read_wait_s
from queuebit_gateway.http.sagas import check_superseded, check_taken
from queuebit_gateway.http.tracing import name_job, traceparent_of
from queuebit_gateway.http.waits import Waiter, refuse_waiting
from queuebit_gateway.questions import Terms
from queuebit_gateway.read_model.view import fresh_view


async def submitted(request: Request, actor: Actor, body: bytes, key: str) -> Response:
    """Take the question. 202 with the job as it is now: new, or the same again where the key is repeated. Raises Refusal."""
    parts = parts_of(request)
    admitted, origin, saga = await parts.reader.read(body, actor.asker)
    await check_taken(await check_superseded(parts.jobs, actor, saga), Waiter(request, actor))
    terms = Terms(actor.name, await quoted(request, actor, admitted, key), saga)
    taken = await parts.submitter.submit(admitted, key, traceparent_of(request), origin, terms)
    accepted = taken.accepted
    name_job(request, accepted.job_id, accepted.tenant)
    headers = {"Location": f"/v1/jobs/{accepted.job_id}"}
    if taken.replayed:
        headers["Idempotency-Replayed"] = "true"
    wait_s = read_wait_s(request.headers.get("prefer"))
    if wait_s is None and not taken.replayed:
        view = fresh_view(accepted)
        return as_json(view, 202, {"ETag": tag_of(view.version), **headers})
    found = await parts.jobs.find(actor.asker, accepted.job_id)
    if wait_s is not None:
        headers["Preference-Applied"] = f"wait={wait_s:.0f}"
        found = await Waiter(request, actor).until_ended(found, wait_s)
    view = await parts.jobs.view(found)
    if wait_s is not None:
        refuse_waiting(view)
    return await told(parts, actor.tenant, view, 202, headers)
