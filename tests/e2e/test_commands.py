"""What a newcomer types: run, demo, up, submit, down. Each as a process, each leaving nothing behind."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from queuebit_devstack.state import StateFile
from queuebit_problems.instances import file_name, load
from tests.e2e.command_line import queuebit
from tests.e2e.exposure import open_paths, told

ROOT = Path(__file__).parents[2]
FIELDS = {
    "id", "state", "kind", "answer", "objective", "bound", "gap", "verdict", "confidence", "ran", "cost", "reasons",
}  # fmt: skip
KNOWN = {
    "run", "submit", "watch", "show", "events", "explain", "cancel", "list", "up", "down", "status", "logs", "demo",
    "check", "kinds", "config", "version", "report", "console",
}  # fmt: skip


def alive_in(folder: Path) -> list[str]:
    """The command lines of processes that belong to the folder: by working directory, environment or arguments."""
    found = []
    for process in psutil.process_iter():
        try:
            marks = [process.cwd(), *process.cmdline(), *process.environ().values()]
        except psutil.Error:
            continue
        if any(str(folder) in mark for mark in marks) and process.pid != os.getpid():
            found.append(" ".join(process.cmdline()))
    return found


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    path = tmp_path / file_name("mc_008_003_000")
    path.write_text(load("mc_008_003_000").text)
    return path


async def test_help_lists_every_command(tmp_path: Path) -> None:
    printed = (await queuebit("--help", cwd=tmp_path)).stdout

    assert {word for line in printed.splitlines() for word in line.split()[:1]} >= KNOWN


@pytest.mark.parametrize("lane", ["auto", "classical", "quantum", "rule"])
async def test_run_prints_one_document_and_exits_0_for_an_accepted_answer(
    tmp_path: Path, instance: Path, lane: str
) -> None:
    done = await queuebit(
        "run", str(instance), "--kind", "maxcut", "--lane", lane, "--seed", "1", "--json", cwd=tmp_path
    )

    document = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert set(document) >= FIELDS
    assert (document["state"], document["verdict"]) == ("completed", "accepted")
    assert document["objective"] == 10 or lane == "rule"


async def test_run_gives_the_same_answer_for_the_same_seed(tmp_path: Path, instance: Path) -> None:
    arguments = ("run", str(instance), "--kind", "maxcut", "--lane", "simulator", "--seed", "7", "--json")
    first, again = [json.loads((await queuebit(*arguments, cwd=tmp_path)).stdout) for _ in range(2)]

    assert (first["answer"], first["ran"]) == (again["answer"], again["ran"])


@pytest.mark.parametrize(
    ("text", "arguments", "said"),
    [
        ("3 1\n1 9 5\n", ("--kind", "maxcut"), "line 2"),
        ("hello", ("--kind", "maxcut"), "line 1"),
        ("3\n0 1\n", ("--kind", "sudoku"), "sudoku"),
        ('{"kind": "maxcut", "statement": {"nodes": 2, "edges": [[0, 5, 1]]}}', (), "edges"),
        ("3\n0 1\n", ("--kind", "maxcut", "--lane", "warp"), "lane"),
        ("3\n0 1\n", ("--kind", "maxcut", "--budget-s", "-1"), "budget_s"),
    ],
)
async def test_run_says_what_is_wrong_and_exits_2(
    tmp_path: Path, text: str, arguments: tuple[str, ...], said: str
) -> None:
    path = tmp_path / "problem.txt"
    path.write_text(text)

    done = await queuebit("run", str(path), *arguments, cwd=tmp_path)

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
async def test_the_demo_answers_everything_and_leaves_nothing_behind(tmp_path: Path) -> None:
    done = await queuebit("demo", cwd=tmp_path, timeout_s=580.0)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "answered exactly once" in done.stdout
    assert "SIGKILL" in done.stdout
    assert alive_in(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


async def becomes(state: str, job_id: str, cwd: Path) -> dict[str, Any]:
    """The job once it is in that state."""
    for _ in range(200):
        shown = await queuebit("show", job_id, "--json", cwd=cwd)
        job: dict[str, Any] = json.loads(shown.stdout)
        if job["state"] == state:
            return job
    raise AssertionError(f"the job is {job['state']}")


@pytest.mark.slow
async def test_up_submit_show_down(tmp_path: Path, instance: Path) -> None:
    try:
        up = await queuebit("up", cwd=tmp_path, timeout_s=300.0)
        assert up.returncode == 0, up.stdout + up.stderr
        said = await queuebit("status", "--json", cwd=tmp_path)
        status = json.loads(said.stdout)
        plain = await queuebit("status", cwd=tmp_path)
        submitted = await queuebit("submit", str(instance), "--kind", "maxcut", "--wait", "--json", cwd=tmp_path)
        document = json.loads(submitted.stdout)
        shown = await queuebit("explain", document["id"], cwd=tmp_path)
        listed = await queuebit("list", "--json", cwd=tmp_path)
        missing = await queuebit("show", "01900000-0000-7000-8000-000000000000", cwd=tmp_path)
        given_away = told(tmp_path / ".queuebit", [up.stdout, up.stderr, said.stdout, plain.stdout])
        open_to_others = open_paths(tmp_path / ".queuebit")
        await queuebit("down", cwd=tmp_path)
        await queuebit("up", "--paused", cwd=tmp_path, timeout_s=300.0)
        paused = await queuebit("submit", str(instance), "--kind", "maxcut", "--json", cwd=tmp_path)
        waiting = json.loads(paused.stdout)["id"]
        held = await becomes("held", waiting, tmp_path)
        state = StateFile(tmp_path / ".queuebit").load()
        assert state is not None
        reason = ("--reason", "it is fine")
        resumed = await queuebit("ops", "resume", *reason, cwd=tmp_path, postgres=state.postgres)
        went_on = await becomes("completed", waiting, tmp_path)
    finally:
        down = await queuebit("down", cwd=tmp_path)

    assert status["running"] is True
    assert (given_away, open_to_others) == ([], [])
    assert (submitted.returncode, document["objective"], document["verdict"]) == (0, 10, "accepted")
    assert document["id"] in listed.stdout
    assert "rule" in shown.stdout
    assert missing.returncode == 3
    assert [each["reason"] for each in held["held"]] == ["Started with queuebit up --paused."] * len(held["held"])
    assert held["held"] != []
    assert (resumed.returncode, went_on["verdict"], went_on["held"]) == (0, "accepted", [])
    assert down.returncode == 0
    assert alive_in(tmp_path) == []


def test_the_readme_names_commands_and_files_that_exist() -> None:
    text = (ROOT / "README.md").read_text()
    makefile = (ROOT / "Makefile").read_text()

    typed = [line[2:].split() for line in text.splitlines() if line.startswith("$ ")]
    for words in typed:
        if words[0] == "make":
            assert all(f"\n{target}:" in makefile for target in words[1:]), words
        else:
            assert words[0] == ".venv/bin/queuebit"
            assert words[1] in KNOWN
            assert all((ROOT / word).is_file() for word in words if "/" in word and not word.startswith(".venv"))
    assert typed[:2] == [["make", "setup"], typed[1]]
