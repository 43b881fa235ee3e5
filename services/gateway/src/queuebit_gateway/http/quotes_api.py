"""The route of offers: what a request may cost at most, to be held to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from queuebit_contracts.jobs import Money
from queuebit_contracts.money import CostPart, Quote
from queuebit_gateway.http import examples
from queuebit_gateway.http.jobs_api import Submitting, body_of
from queuebit_gateway.http.openapi import RATE, answer, problems, request_body
from queuebit_gateway.http.parts import parts_of
from queuebit_gateway.http.requests import SubmitBody
from queuebit_gateway.http.tracing import traceparent_of
from queuebit_gateway.quotes import VALID_S, VALID_S_MAX, expiry, offer
from queuebit_gateway.read_model.priced_now import priced_now

router = APIRouter(prefix="/v1/quotes", tags=["budgets"])


class QuoteView(Quote):
    """An offer: send its id with the very same request, in the header Queuebit-Quote, before it expires. `fits`: whether every
    budget above has that left now; null where you have no budget. `short`: the first that has not.
    """

    object: Literal["quote"] = "quote"
    id: str = Field(description="Signed; of use to your tenant alone.")
    plan: str
    fits: bool | None
    short: str | None = None


_EXAMPLE = QuoteView(
    id="qbq_…", request="0" * 64, leg="primary-quantum", lane="quantum", backend="ibm_brisbane",
    amount=Money(amount="3.20", currency="USD"),
    parts=(CostPart(name="seconds", quantity="2", price="1.60", amount="3.20"),),
    expires_at=datetime(2026, 1, 5, 9, 45, tzinfo=UTC), digest="9f3c1a7be2d40c11" * 4, plan="quantum_with_baseline",
    fits=True,
)  # fmt: skip


@router.post(
    "",
    response_model=QuoteView,
    summary="Ask for a quote",
    operation_id="make_quote",
    responses={200: answer(*RATE, example=_EXAMPLE), **problems(401, 403, 409, 413, 415, 422, 429)},
    openapi_extra=request_body(SubmitBody, "traceparent", example=examples.SUBMIT),
)
async def make_quote(
    request: Request,
    actor: Submitting,
    valid_s: Annotated[float, Query(ge=60, le=VALID_S_MAX, description="For so many seconds it stands.")] = VALID_S,
) -> Response:
    """What this request may cost at most on the backend that it names, part by part, for a while. Nothing is stored or set
    aside. A job that is submitted with it has exactly that set aside; where the request, the backend or the price has changed
    the quote is void, and nothing is paid.
    """
    traceparent_of(request)
    parts = parts_of(request)
    admitted = (await parts.reader.read(await body_of(request), actor.asker)).admitted
    now = parts.clock.now()
    found, plan = await priced_now(parts.store, admitted, await parts.jobs.policy(), now)
    quote = offer(admitted, found, expiry(now, valid_s))
    view = QuoteView(
        **quote.model_dump(), id=parts.quotes.make(quote, actor.tenant), plan=plan, fits=found.fits, short=found.short
    )
    return Response(view.model_dump_json(), media_type="application/json")
