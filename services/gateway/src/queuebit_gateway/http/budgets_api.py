"""The routes of budgets: what a tenant may spend, what is set aside of it, and its ledger."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from queuebit_contracts.model import Model
from queuebit_gateway.access.authentication import Actor
from queuebit_gateway.http.openapi import RATE, answer, problems
from queuebit_gateway.http.paging import Cursor, Paging
from queuebit_gateway.http.parts import actor_who, parts_of
from queuebit_gateway.read_model.budgets import (
    ID_LENGTH_MAX,
    BudgetDetail,
    BudgetList,
    BudgetView,
    EntryPage,
    EntryView,
    HoldOfBudget,
    id_of,
)
from queuebit_store.ports import Place

router = APIRouter(prefix="/v1/budgets", tags=["budgets"])

Reading = Annotated[Actor, Depends(actor_who("budget:read", "read"))]
BudgetId = Annotated[str, Path(max_length=ID_LENGTH_MAX, description="The id of the budget, as the list has it.")]

_AT = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
_JOB, _ATTEMPT = UUID("01890000-0000-7000-8000-000000000001"), UUID("01890000-0000-8000-8000-000000000002")
_BUDGET = BudgetView(
    id=id_of("acme/web/prod production USD 2026-01"), budget="acme/web/prod", purpose="production", currency="USD",
    period="month", window="2026-01", standing="room", limit="100", left="36.80", reserved="3.20", spent="60",
    used_percent=63.2, passed_percent=(50,), resets_at=datetime(2026, 2, 1, tzinfo=UTC),
)  # fmt: skip
_DETAIL = BudgetDetail(
    **_BUDGET.model_dump(),
    holds=(HoldOfBudget(job_id=_JOB, leg="primary-quantum", attempt_id=_ATTEMPT, amount="3.20", since=_AT),),
    more_holds=False,
)
_ENTRIES = EntryPage(
    data=(
        EntryView(id=_ATTEMPT, kind="reserve", amount="3.20", at=_AT, job_id=_JOB, leg="primary-quantum",
                  attempt_id=_ATTEMPT),
    ),
    has_more=False,
)  # fmt: skip


@router.get(
    "",
    response_model=BudgetList,
    summary="List budgets",
    operation_id="list_budgets",
    responses={200: answer(*RATE, example=BudgetList(data=(_BUDGET,))), **problems(401, 403, 422, 429)},
)
async def list_budgets(
    request: Request,
    actor: Reading,
    past: Annotated[bool, Query(description="Also of windows that are over, the latest 200.")] = False,
) -> Response:
    """What you may spend at providers in the present window: limit, left, set aside, spent. Without any budget nothing bounds
    you.
    """
    parts = parts_of(request)
    return _json(await parts.budgets.all(actor.asker, parts.clock.now(), past=past))


@router.get(
    "/{budget_id}",
    response_model=BudgetDetail,
    summary="Read a budget",
    operation_id="read_budget",
    responses={200: answer(*RATE, example=_DETAIL), **problems(401, 403, 404, 422, 429)},
)
async def read_budget(request: Request, actor: Reading, budget_id: BudgetId) -> Response:
    """One budget in one window, and for which legs of which jobs something of it is set aside now."""
    parts = parts_of(request)
    return _json(await parts.budgets.one(actor.asker, budget_id, parts.clock.now()))


@router.get(
    "/{budget_id}/entries",
    response_model=EntryPage,
    summary="Read the ledger of a budget",
    operation_id="list_budget_entries",
    responses={200: answer(*RATE, example=_ENTRIES), **problems(401, 403, 404, 422, 429)},
)
async def list_budget_entries(
    request: Request,
    actor: Reading,
    budget_id: BudgetId,
    limit: Annotated[int, Query(ge=1, le=200, description="How many lines a page has at most.")] = 50,
    cursor: Cursor = None,
) -> Response:
    """Every line of its ledger, the latest first: granted, set aside, settled, released, and what was spent beyond that."""
    parts, paging = parts_of(request), Paging.of(request, actor, {"budget": budget_id})
    place = paging.before(cursor)
    lines, more = await parts.budgets.entries(
        actor.asker,
        budget_id,
        parts.clock.now(),
        before=None if place is None else (place.created_at, place.stream_id),
        limit=limit,
        with_actors=actor.may("operator:read"),
    )
    last = Place(lines[-1].at, lines[-1].id) if more else None
    return _json(EntryPage(data=tuple(lines), has_more=more, next_cursor=paging.after(last)))


def _json(model: Model) -> Response:
    return Response(model.model_dump_json(), media_type="application/json")
