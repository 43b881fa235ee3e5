"""A read endpoint with its verb is an answer, a route, a question of the client and a verb: what stands here is all of it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import pytest
import typer
from fastapi import APIRouter, Request
from starlette.responses import Response
from typer.testing import CliRunner

from queuebit_client import AsyncQueuebit, Queuebit
from queuebit_client.cli.app import new_app
from queuebit_client.errors import NotFound
from queuebit_client.reads import Read
from queuebit_contracts.model import Model
from queuebit_gateway.http import app as gateway
from queuebit_gateway.http.jobs_api import JobId, Reading
from queuebit_gateway.http.parts import parts_of
from queuebit_gateway.http.requests import read_job_id
from queuebit_gateway.http.server import HttpServer
from queuebit_gateway.read_model.models import JobView
from queuebit_gateway.read_model.view import Happened
from tests.contract.http.running_gateway import a_world

ROOT = Path(__file__).parents[3]


class Length(Model):
    """How much has happened to a job."""

    state: str
    events: tuple[str, ...]


def length(view: JobView, story: Sequence[Happened]) -> Length:
    return Length(state=view.state, events=tuple(happened.name for happened in story))


router = APIRouter(prefix="/v1/jobs")


@router.get("/{job_id}/length")
async def read_length(request: Request, actor: Reading, job_id: JobId) -> Response:
    jobs = parts_of(request).jobs
    found = await jobs.find(actor.asker, read_job_id(job_id))
    return Response((await jobs.told(found, length)).model_dump_json(), media_type="application/json")


LENGTH = Read(Length, "/v1/jobs/{job_id}/length")


def length_verb(context: typer.Context, job: Annotated[str, typer.Argument()]) -> None:
    with context.obj.client() as client:
        typer.echo(json.dumps(client.read(LENGTH, job_id=job).model_dump(mode="json")))


async def test_four_pieces_are_a_read_endpoint_with_its_verb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "ROUTERS", (*gateway.ROUTERS, router))
    app = new_app()
    app.command("length")(length_verb)
    async with a_world() as world:
        server = HttpServer(world.app, world.parts.tailer, world.parts.ids, host="127.0.0.1", port=0, drain_s=2)
        await server.start()
        url, key = f"http://127.0.0.1:{server.port}", await world.key()
        try:
            job_id = (await world.submit()).json()["id"]
            async with AsyncQueuebit(url, key) as client:
                asked = await client.read(LENGTH, job_id=job_id)
            monkeypatch.setenv("QUEUEBIT_API_KEY", key)
            said = await asyncio.to_thread(CliRunner().invoke, app, ["--url", url, "length", job_id])
            strange = await asyncio.to_thread(_asked_with, url, await world.key("other"), job_id)
        finally:
            await server.stop()

    assert asked.state == "completed"
    assert (asked.events[0], asked.events[-1], len(asked.events)) == ("JobSubmitted", "JobCompleted", 8)
    assert json.loads(said.stdout) == asked.model_dump(mode="json")
    assert strange == "job_not_found"


def _asked_with(url: str, key: str, job_id: str) -> str:
    with Queuebit(url, key) as client, pytest.raises(NotFound) as caught:
        client.read(LENGTH, job_id=job_id)
    return str(caught.value.code)


def test_what_explains_a_job_is_made_the_same_way() -> None:
    """The endpoint that is shipped: nobody else knows it but the method of each client, and the tool for agents."""
    places = {
        path.relative_to(ROOT).as_posix()
        for part in ("services/gateway/src", "libs/client/src")
        for path in (ROOT / part).rglob("*.py")
        if re.search(r"\bexplain\b|\bEXPLANATION\b", path.read_text())
    }

    conveniences = {
        f"libs/client/src/queuebit_client/{name}.py"
        for name in ("synchronous", "asynchronous", "agents/server", "resource")
    }
    assert places - conveniences == {
        "services/gateway/src/queuebit_gateway/read_model/explain.py",
        "services/gateway/src/queuebit_gateway/http/jobs_api.py",
        "libs/client/src/queuebit_client/reads.py",
        "libs/client/src/queuebit_client/cli/app.py",
        "libs/client/src/queuebit_client/cli/jobs.py",
    }
