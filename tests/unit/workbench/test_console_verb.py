"""`queuebit console`, as README.md has it: which it opens, whose key it prints; the one of this process answers with it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx2
import pytest
import typer
from typer.testing import CliRunner

from queuebit_client.cli.app import new_app
from queuebit_workbench import console as verb
from queuebit_workbench.commands import register

KEY = "qb_live_00000001_000000000760pdgsQWR3o70yo80uorqB9RjXZmxJHUX3ZkZu7"


@pytest.fixture
def app() -> typer.Typer:
    app = new_app()
    register(app)
    return app


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Who is said to answer; nobody unless a test says so. No setting of this machine is seen."""
    answering: list[str] = []

    async def answers(url: str) -> bool:
        return url in answering

    monkeypatch.setattr(verb, "answers", answers)
    monkeypatch.chdir(tmp_path)
    for name in ("QUEUEBIT_URL", "QUEUEBIT_API_KEY", "QUEUEBIT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    return answering


def test_it_opens_the_stack_of_this_folder_and_prints_its_key(
    app: typer.Typer, answering: list[str], tmp_path: Path
) -> None:
    (tmp_path / ".queuebit").mkdir()
    (tmp_path / ".queuebit/client.json").write_text(json.dumps({"url": "http://127.0.0.1:9", "api_key": KEY}))
    answering.append("http://127.0.0.1:9")

    found = CliRunner().invoke(app, ["console", "--no-browser"])

    assert (found.exit_code, found.output) == (0, f"Console  http://127.0.0.1:9/console/\nAPI key  {KEY}\n")


def test_a_key_of_the_environment_is_not_printed(
    app: typer.Typer, answering: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUEUEBIT_URL", "https://far.example")
    monkeypatch.setenv("QUEUEBIT_API_KEY", KEY)
    answering.append("https://far.example")

    found = CliRunner().invoke(app, ["console", "--no-browser"])

    assert found.exit_code == 0
    assert "https://far.example/console/" in found.output
    assert KEY not in found.output


def test_a_server_that_was_named_and_does_not_answer_is_an_error(app: typer.Typer, answering: list[str]) -> None:
    found = CliRunner().invoke(app, ["--url", "http://127.0.0.1:9", "console", "--no-browser"])

    assert found.exit_code == verb.EXIT_UNAVAILABLE
    assert "use --here" in found.output


async def test_all_services_in_this_process_answer_with_their_keys() -> None:
    told: asyncio.Queue[tuple[str, str, str]] = asyncio.Queue()
    serving = asyncio.create_task(verb.serve_here(examples=False, port=0, ready=lambda *said: told.put_nowait(said)))
    try:
        url, key, operators_key = await asyncio.wait_for(told.get(), 60)
        async with httpx2.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {key}"}) as http:
            page, jobs = await http.get("/console/"), await http.get("/v1/jobs")
            holds = await http.get("/v1/record", headers={"Authorization": f"Bearer {operators_key}"})
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (jobs.status_code, jobs.json()["data"]) == (200, [])
    assert holds.status_code == 200
