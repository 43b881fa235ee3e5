"""`queuebit path` on a real PostgreSQL: the commands of its page, in its order, and what it says to who wants too much."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import shlex
from contextlib import redirect_stderr, redirect_stdout
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from queuebit_client.cli import main
from queuebit_control_plane.paths.board import PathBoard
from queuebit_control_plane.paths.keeper import CURSOR, PathKeeper
from queuebit_domain.holds.lanes import Lanes
from queuebit_store.leadership.port import Lease
from queuebit_store.ports import Position
from queuebit_store.postgres import PostgresSettings, PostgresStore
from tests.builders import NOW
from tests.fakes.clocks import StoppedClock
from tests.integration.operations.conftest import Said
from tests.unit.paths.measured_jobs import PATH_ID, a_registration, append_to_path, both_answer, plan_job

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "infra" / "docs" / "how-to" / "paths.md"
EXAMPLE = ROOT / "infra" / "examples" / "paths" / "maxcut-qaoa.json"
WHY = ("--reason", "why", "--actor")


class PathVerbs:
    """`queuebit path` in the namespace of a test, with Kafka out of reach."""

    def __init__(self, settings: PostgresSettings) -> None:
        self._env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("QUEUEBIT_")},
            "QUEUEBIT_POSTGRES": settings.url,
            "QUEUEBIT_NAMESPACE": settings.namespace,
            "QUEUEBIT_KAFKA": "127.0.0.1:1",
        }

    async def __call__(self, *words: str) -> Said:
        return await asyncio.to_thread(self._run, words)

    def _run(self, words: tuple[str, ...]) -> Said:
        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
        with patch.dict(os.environ, self._env, clear=True), redirect_stdout(out), redirect_stderr(err):
            code = main.run(["path", *words])
        out.seek(0)
        return Said(int(code), out.read(), err.getvalue())


@pytest.fixture
def path(settings: PostgresSettings, monkeypatch: pytest.MonkeyPatch) -> PathVerbs:
    monkeypatch.chdir(ROOT)
    return PathVerbs(settings)


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.S)
    return [line.removeprefix("queuebit path ") for block in blocks for line in block.splitlines()]


async def test_every_command_of_the_page_does_what_it_says(path: PathVerbs, postgres_store: PostgresStore) -> None:
    said: dict[str, Said] = {}
    for command in commands():
        said[command] = await path(*shlex.split(command))
        assert said[command].code == 0, (command, said[command].err)

    assert len(said) >= 7
    listed = await path("list", "--json")
    (document,) = listed.document["paths"]
    assert (document["stage"], document["answers_percent"], document["owner"]) == ("retired", 0, "ada")
    page = await path("report", "maxcut/xs")
    again = await path("report", "maxcut/xs")
    assert page.out == again.out
    assert "Given up by ada: gains nothing that the polish does not gain" in page.out


async def test_all_numbers_of_the_gate_are_shown(path: PathVerbs, postgres_store: PostgresStore) -> None:
    await path("register", str(EXAMPLE), *WHY, "ada")
    shown = await path("show", "maxcut")
    document = (await path("show", "maxcut", "--json")).document

    assert shown.code == 0
    assert "inconclusive: There are no pairs yet in this stage." in shown.out
    assert {each["hypothesis"] for each in document["evidence"]} >= {"harm", "non_inferior", "superior", "sample_ratio"}
    assert all(each["hypothesis"] in shown.out for each in document["evidence"])
    assert document["spec"]["sample"] == 0.25


class _Lead:
    lease = Lease("relay", "one", 1, 3.0)


async def test_pairs_come_from_jobs_and_what_the_gate_says_is_told(
    path: PathVerbs, postgres_store: PostgresStore
) -> None:
    """Given a useless path that is drawn for every second job, as stated, and jobs that both ways answered, when the keeper
    has gone through the log, then all are pairs in the order of the questions, and the path is frozen with a proposal.
    """
    clock = StoppedClock()
    board = PathBoard(postgres_store, Lanes())
    keeper = PathKeeper(postgres_store, board, _Lead(), clock)
    await append_to_path(postgres_store, NOW, a_registration(spec={"epochs": 1}))
    for nth in range(120):
        asked_at = NOW + timedelta(seconds=nth)
        job_id = await plan_job(postgres_store, nth, asked_at, measured=nth % 2 == 0)
        if nth % 2 == 0:
            await both_answer(postgres_store, job_id, 100.0, 100.0, asked_at)
    clock.moment = NOW + timedelta(seconds=150)
    await board.read()
    while await keeper.step() or board.out[PATH_ID] > 0:
        await board.read()

    told = (await path("show", "maxcut", "--json")).document
    stored = await postgres_store.events_of(PATH_ID, limit=200)
    assert (told["pairs"]["recorded"], told["pairs"]["eligible"]) == (60, 119)
    assert (told["frozen"]["actor"], told["frozen"]["proposal"]) == ("gate", "retire")
    assert [event.type for event in stored].count("PathFrozen") == 1
    assert await postgres_store.load_cursor(CURSOR) > Position()
    again = PathBoard(postgres_store, Lanes())
    await again.read()
    assert again.paths == board.paths


async def test_it_says_what_is_wrong_with_what_it_is_told(
    path: PathVerbs, postgres_store: PostgresStore, tmp_path: Path
) -> None:
    def changed(**fields: Any) -> str:
        file = tmp_path / f"{len(list(tmp_path.iterdir()))}.json"
        file.write_text(json.dumps({**json.loads(EXAMPLE.read_text()), **fields}))
        return str(file)

    first = await path("register", str(EXAMPLE), *WHY, "ada")
    same = await path("register", str(EXAMPLE), *WHY, "ada")
    dearer = await path("register", changed(budget={"amount": "500", "currency": "EUR"}), *WHY, "ada")
    other_way = await path("register", changed(settings={"layers": 12}), *WHY, "ada")
    several = await path("show", "maxcut")
    nobody = await path("show", "tsp")
    wrong_field = await path("register", changed(gate={"clipp": 0.1}), *WHY, "ada")
    two_monies = await path("register", changed(value_per_win={"amount": "5", "currency": "USD"}), *WHY, "ada")
    classical = await path("register", changed(lane="classical"), *WHY, "ada")
    (name, _) = sorted(each["path"] for each in (await path("list", "--json")).document["paths"])
    early = await path("promote", name, *WHY, "grace")
    open_already = await path("reopen", name, "--trigger", "none", *WHY, "grace")

    assert [each.code for each in (first, same, other_way)] == [0, 0, 0]
    assert "was registered already" in same.out
    assert (dearer.code, "fixed from then on" in dearer.err) == (6, True)
    assert (several.code, "may be several paths" in several.err) == (2, True)
    assert (nobody.code, "There is no path tsp." in nobody.err) == (3, True)
    assert (wrong_field.code, "gate/clipp" in wrong_field.err) == (2, True)
    assert (two_monies.code, "USD beside a budget in EUR" in two_monies.err) == (2, True)
    assert (classical.code, "classical is no quantum way" in classical.err) == (2, True)
    assert (early.code, "The gate says inconclusive" in early.err) == (6, True)
    assert (open_already.code, "neither frozen nor retired" in open_already.err) == (6, True)
