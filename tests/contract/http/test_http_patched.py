"""A job asked again with a patch: what the patch names is changed, all else is as it was."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from queuebit_client.cli.main import run
from queuebit_contracts import events as ev
from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.merging import merged
from queuebit_gateway.http.server import HttpServer
from tests.contract.http.running_gateway import a_body, a_world, improved


@pytest.mark.parametrize(
    ("target", "patch", "wanted"),
    [
        ({"a": 1, "b": {"c": 2}}, {"b": {"d": 3}}, {"a": 1, "b": {"c": 2, "d": 3}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": 1, "b": 2}, {"a": None, "c": None}, {"b": 2}),
        ({"a": 1}, {"a": {"b": None, "c": 1}}, {"a": {"c": 1}}),
    ],
)
def test_a_patch_is_merged_as_rfc_7396_has_it(target: Any, patch: Any, wanted: Any) -> None:
    assert merged(target, patch) == wanted


async def test_the_same_is_asked_with_what_the_patch_and_the_flags_say(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    patch, broken = tmp_path / "patch.json", tmp_path / "broken.txt"
    patch.write_text(json.dumps({"problem": {"statement": {"edges": [[0, 1, 5]]}}}))
    broken.write_text("no JSON")
    async with a_world() as world:
        server = HttpServer(world.app, world.parts.tailer, world.parts.ids, host="127.0.0.1", port=0, drain_s=2)
        await server.start()
        monkeypatch.setenv("QUEUEBIT_API_KEY", await world.key())

        async def submit(*words: str) -> tuple[int, str]:
            code = await asyncio.to_thread(run, ["--url", f"http://127.0.0.1:{server.port}", "submit", *words])
            return code, capsys.readouterr().out

        try:
            first = (await world.submit(body=a_body(seed=7, labels={"team": "a"}), Prefer="wait=5")).json()["id"]
            again = await submit(str(patch), "--from", first, "--label", "try=2", "--supersede")
            of_none = await submit(str(patch), "--supersede")
            nothing = await submit(str(broken), "--from", first)
        finally:
            await server.stop()

    assert (again[0], nothing[0], of_none[0]) == (0, 2, 2)
    before, after = (each.data for each in world.plane.submissions)
    assert isinstance(before, ev.JobSubmitted)
    assert isinstance(after, ev.JobSubmitted)
    assert (str(after.supersedes), before.supersedes) == (first, None)
    assert after.request.problem.statement["edges"] == [[0, 1, 5]]
    assert (after.request.seed, after.request.lane) == (7, before.request.lane)
    assert after.request.labels == {"team": "a", "try": "2"}
    assert after.fingerprint != before.fingerprint


async def test_a_question_is_kept_to_the_answer_of_before(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    nothing = tmp_path / "patch.json"
    nothing.write_text("{}")
    async with a_world() as world:
        server = HttpServer(world.app, world.parts.tailer, world.parts.ids, host="127.0.0.1", port=0, drain_s=2)
        await server.start()
        monkeypatch.setenv("QUEUEBIT_API_KEY", await world.key())

        async def command(*words: str) -> tuple[int, str]:
            code = await asyncio.to_thread(run, ["--url", f"http://127.0.0.1:{server.port}", *words])
            told = capsys.readouterr()
            return code, told.out + told.err

        try:
            cut = (await world.submit(body=a_body(), Prefer="wait=5")).json()["id"]
            refused = await command("submit", str(nothing), "--from", cut, "--change-cost", "2")
            alone = await command("submit", str(nothing), "--pin", "a=1")
            costs = {"costs": [[1, 5], [5, 1]], "weights": [[1, 1], [1, 1]], "capacities": [2, 2]}
            body = {"problem": {"kind": "generalised_assignment_cost", "statement": costs}}
            world.plane.answer = {"assigned_to": [0, 1]}
            first = (await world.submit(body=body, Prefer="wait=5")).json()["id"]
            world.plane.answer = {"assigned_to": [0, 0]}
            words = ("submit", str(nothing), "--from", first, "--pin", "job 0", "--key", "k", "--change-cost")
            again = await command(*words, "3")
            explained = await command("explain", again[1].split()[0], "--json")
            await improved(world, first, {"assigned_to": [1, 0]})
            same, other = await command(*words, "3"), await command(*words, "4")
        finally:
            await server.stop()

    assert (refused[0], "Plans of maxcut cannot be kept to earlier ones." in refused[1]) == (2, True)
    assert (alone[0], "--from JOB" in alone[1]) == (2, True)
    assert (same[1].split()[0], other[0], "other content" in other[1]) == (again[1].split()[0], 6, True)
    asked = world.plane.submissions[-1].data
    assert isinstance(asked, ev.JobSubmitted)
    cost = f"3.0 from {first} {fingerprint({'assigned_to': [0, 1]})[:16]}"
    assert asked.request.labels == {"replan_of": first, "replan_change_cost": cost}
    assert asked.request.problem.statement["costs"] == [[1, 8], [8, 1]]
    assert asked.request.problem.statement["weights"] == [[1, 1], [3, 1]]
    assert json.loads(explained[1])["changes"] == {
        "from_job": first, "kept": 1, "new_count": 1, "new": ["job 1=0"], "gone": ["job 1=1"],
    }  # fmt: skip
