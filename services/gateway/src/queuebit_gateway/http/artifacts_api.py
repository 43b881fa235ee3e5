"""The routes of what is kept of a job: circuits as they were asked for and as they ran, raw results, a provider's own words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from queuebit_gateway.access.authentication import Actor
from queuebit_gateway.http.openapi import RATE, answer, problems
from queuebit_gateway.http.parts import actor_who, parts_of
from queuebit_gateway.http.requests import read_job_id
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.read_model.artifacts import (
    OTHER_MEDIA_TYPE,
    ArtifactList,
    ArtifactView,
    AttemptArtifacts,
    Told,
    kept_of,
)

router = APIRouter(prefix="/v1/jobs/{job_id}/artifacts", tags=["jobs"])

Reading = Annotated[Actor, Depends(actor_who("artifact:read", "read"))]
JobId = Annotated[str, Path(description="The id of the job.", json_schema_extra={"format": "uuid"})]
_HASH = re.compile(r"[0-9a-f]{64}")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")

_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_EXAMPLE = ArtifactList(
    data=(
        AttemptArtifacts(
            attempt_id=UUID("01890000-0000-8000-8000-000000000002"),
            leg="primary-simulator",
            sha256=_SHA256[::-1],
            count=1,
            artifacts=(ArtifactView(name="round-0/counts.json", sha256=_SHA256, bytes=28, kept=True),),
        ),
    )
)
_BYTES = {OTHER_MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}


@router.get(
    "",
    response_model=ArtifactList,
    summary="List what is kept of a job",
    operation_id="list_artifacts",
    responses={200: answer(*RATE, example=_EXAMPLE), **problems(401, 403, 404, 429)},
)
async def list_artifacts(request: Request, actor: Reading, job_id: JobId) -> Response:
    """What is kept of the attempts: requests, results, circuits as OpenQASM and QPY, and what the provider said. Kept are
    attempts that are paid for, and those of jobs that say `artifacts` in their params.
    """
    found = await parts_of(request).evidence.listed(await _told(request, actor, job_id))
    return Response(found.model_dump_json(), media_type="application/json")


@router.get(
    "/{sha256}",
    response_class=Response,
    summary="Read an artifact",
    operation_id="read_artifact",
    responses={
        200: {
            "description": "The bytes, checked against their hash.",
            "content": _BYTES,
            **answer("Content-Disposition", *RATE),
        },
        **problems(401, 403, 404, 429),
    },
)
async def read_artifact(
    request: Request,
    actor: Reading,
    job_id: JobId,
    sha256: Annotated[str, Path(description="The SHA-256 of the artifact, in hexadecimal.", max_length=64)],
) -> Response:
    """One artifact of this job, as a file. What another job keeps is not found, though its hash be known."""
    told = await _told(request, actor, job_id)
    if not _HASH.fullmatch(sha256):
        raise Refusal("artifact_not_found")
    kept = await parts_of(request).evidence.one(told, sha256)
    headers = {"Content-Disposition": f'attachment; filename="{_file_name(kept.name)}"'}
    return Response(kept.data, headers=headers, media_type=kept.media_type)


async def _told(request: Request, actor: Actor, job_id: str) -> Sequence[Told]:
    parts = parts_of(request)
    found = await parts.jobs.find(actor.asker, read_job_id(job_id))
    view, told = await parts.jobs.told(found, lambda view, happened: (view, kept_of(happened)))
    await parts.payloads.check_kept(view.labels, view.created_at, actor.tenant)
    return told


def _file_name(name: str) -> str:
    """A name that any file system takes: a provider's words name a verb and an address."""
    return _UNSAFE.sub("-", name).strip("-.")[:100] or "artifact"
