"""The offer that a submission names."""

from __future__ import annotations

from fastapi import Request

from queuebit_contracts.money import Quote
from queuebit_gateway.access.authentication import Actor
from queuebit_gateway.http.parts import parts_of
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.quotes import check, check_time
from queuebit_gateway.read_model.priced_now import priced_now
from queuebit_problems.admission import Admitted


async def quoted(request: Request, actor: Actor, admitted: Admitted, key: str) -> Quote | None:
    """The offer that the request names, which holds for it now, or held when the same key was taken: a repeat is answered as
    then. Raises Refusal quote_invalid, quote_expired or quote_void.
    """
    named = request.headers.get("queuebit-quote")
    if named is None:
        return None
    parts = parts_of(request)
    now = parts.clock.now()
    quote = parts.quotes.read(named, actor.tenant)
    try:
        check_time(quote, now)
        found, _ = await priced_now(parts.store, admitted, await parts.jobs.policy(), now)
        check(quote, admitted, found)
    except Refusal:
        if not await parts.submitter.asked_before(actor.tenant, key):
            raise
    return quote
