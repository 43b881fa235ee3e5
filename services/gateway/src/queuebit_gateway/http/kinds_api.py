"""The routes of problem kinds and of the problem pages."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from starlette.responses import Response

from queuebit_gateway.http import examples
from queuebit_gateway.http.openapi import RATE, answer, problems
from queuebit_gateway.http.parts import actor_who
from queuebit_gateway.problem_details import ProblemPage, ProblemPages, Refusal
from queuebit_gateway.problem_types import PROBLEMS
from queuebit_gateway.read_model.kind_models import KindList, KindSummary, KindView
from queuebit_problems.errors import ProblemError
from queuebit_problems.registry import AnyKind, kind_of, usable_kinds

router = APIRouter()

KINDS_KEPT_MAX = 256
READING = [Depends(actor_who("kind:read", "read"))]


@router.get(
    "/v1/kinds",
    response_model=KindList,
    summary="List problem kinds",
    operation_id="list_kinds",
    tags=["kinds"],
    responses={200: answer(*RATE, example=examples.KINDS), **problems(401, 403, 429)},
    dependencies=READING,
)
async def list_kinds() -> Response:
    """What can be asked here."""
    return Response(_listed(tuple(usable_kinds())), media_type="application/json")


@router.get(
    "/v1/kinds/{kind}",
    response_model=KindView,
    summary="Read a kind",
    operation_id="read_kind",
    tags=["kinds"],
    responses={200: answer(*RATE, example=examples.KIND), **problems(401, 403, 404, 429)},
    dependencies=READING,
)
async def read_kind(kind: Annotated[str, Path(description="The name of the kind.")]) -> Response:
    """How to state a problem of this kind: its JSON Schema, and an example that can be sent as it is."""
    try:
        found = kind_of(kind)
    except ProblemError:
        raise Refusal("kind_not_found") from None
    return Response(_shown(found), media_type="application/json")


@router.get(
    "/problems",
    response_model=ProblemPages,
    summary="List error codes",
    operation_id="list_problems",
    tags=["errors"],
    responses={200: answer(example=examples.ERROR_PAGES), **problems()},
)
async def list_problems() -> Response:
    """Every error code, what it means and what to do."""
    pages = ProblemPages(data=tuple(ProblemPage.of(item) for item in PROBLEMS.values()))
    return Response(pages.model_dump_json(), media_type="application/json")


@router.get(
    "/problems/{code}",
    response_model=ProblemPage,
    summary="Read an error code",
    operation_id="read_problem",
    tags=["errors"],
    responses={200: answer(example=examples.ERROR_PAGE), **problems(404)},
)
async def read_problem_page(code: Annotated[str, Path(description="The code of a problem.")]) -> Response:
    """What an error code means: the page that `type` of a problem names."""
    if code not in PROBLEMS:
        raise Refusal("not_found")
    return Response(ProblemPage.of(PROBLEMS[code]).model_dump_json(), media_type="application/json")


@lru_cache(maxsize=2)
def _listed(kinds: tuple[AnyKind, ...]) -> str:
    return KindList(data=tuple(map(_summary, kinds))).model_dump_json()


@lru_cache(maxsize=KINDS_KEPT_MAX)
def _shown(kind: AnyKind) -> str:
    """Its schema takes milliseconds to make."""
    return view_of(kind).model_dump_json()


def view_of(kind: AnyKind) -> KindView:
    """A kind as the API shows it."""
    return KindView(
        name=kind.name,
        version=kind.version,
        title=kind.title,
        sense=kind.sense,
        formats=kind.formats,
        answer_shape=kind.answer_shape,
        params=dict(kind.params),
        statement_schema=kind.statement.model_json_schema(),
        example={"kind": kind.name, "version": kind.version, "statement": kind.example().model_dump(mode="json")},
    )


def _summary(kind: AnyKind) -> KindSummary:
    return KindSummary(
        name=kind.name,
        version=kind.version,
        title=kind.title,
        sense=kind.sense,
        formats=kind.formats,
        url=f"/v1/kinds/{kind.name}",
    )
