"""Commits beside each other: what is compared, how an old one is brought to run, and how sides are told what to do."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from queuebit_workbench.bench import beside, side
from queuebit_workbench.bench.__main__ import parse
from queuebit_workbench.bench.beside import (
    Burst,
    Found,
    Side,
    compared,
    lines_of,
    measured,
    prepared,
    sides_of,
    slower,
    table_of,
)
from queuebit_workbench.bench.errors import BenchFailed

POLICIES = Path(__file__).parents[3] / "infra" / "examples" / "policies"
ANSWERS = """#!/bin/sh
echo '{"ready": true}'
while read jobs; do
    echo "$jobs $3" >> ../asked
    echo '{"jobs_per_s": '"$jobs"', "cpu_us_per_job": {"any": 5.0}}'
done
echo ended >> ../asked
"""


def bursts(*rates: float) -> list[Burst]:
    return [Burst(rate, {"control_plane": 400.0, "client": 50.0}) for rate in rates]


def found(old: list[float], new: list[float], **more: list[float]) -> Found:
    return {name: bursts(*rates) for name, rates in {"old": old, "new": new, **more}.items()}


def run(*argv: str, where: Path) -> None:
    subprocess.run(argv, cwd=where, check=True, capture_output=True)


def a_root(folder: Path, script: str) -> Path:
    """A folder whose interpreter is a script."""
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(script)
    python.chmod(0o755)
    return folder


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """One commit with a benchmark where it was once, and a `make setup` that builds an environment."""
    where = tmp_path / "repository"
    package = where / "libs" / "devstack" / "src" / "queuebit_devstack" / "bench"
    package.mkdir(parents=True)
    (package / "full.py").write_text("")
    (where / "Makefile").write_text("setup:\n\tmkdir -p .venv/bin\n")
    run("git", "init", "-q", where=where)
    run("git", "add", ".", where=where)
    run("git", "-c", "user.name=ann", "-c", "user.email=ann@example.org", "commit", "-qm", "One", where=where)
    return where


def test_neighbouring_bursts_are_compared_and_the_median_counts() -> None:
    """Given a machine that halves its pace, and one turn in which it was busy with ours, then neither decides."""
    told = found([1000.0, 500.0, 500.0], [990.0, 495.0, 100.0])

    assert not slower(told, 0.02)
    assert slower(told, 0.005)
    assert lines_of(told, 0.02) == ["ok   ours over the old: 0.990 (bar: ≥ 0.98); CPU 1.000 times"]
    assert lines_of(told, 0.005) == ["MISS ours over the old: 0.990 (bar: ≥ 0.995); CPU 1.000 times"]


def test_what_is_left_with_telemetry_and_with_a_policy_is_told_where_it_was_measured() -> None:
    told = {
        **found([1000.0], [1000.0], plain=[900.0], telemetry=[855.0]),
        "policy": [Burst(765.0, {"control_plane": 445.0, "client": 50.0})],
    }

    assert lines_of(told, 0.02)[1:] == [
        "ok   throughput with telemetry: 0.950 of that without (bar: ≥ 0.9); CPU 1.000 times",
        "MISS throughput with policy: 0.850 of that without (bar: ≥ 0.9); CPU 1.100 times",
    ]


def test_each_side_is_a_column_of_its_medians() -> None:
    say = Console(file=io.StringIO(), width=80)
    say.print(table_of({"old": bursts(1000.0, 3000.0, 1100.0), "new": [Burst(900.0, {"gateway": 7.0})]}))

    assert isinstance(say.file, io.StringIO)
    lines = [line.strip("│ ").split("│") for line in say.file.getvalue().splitlines() if line.startswith("│")]
    assert [[cell.strip() for cell in line] for line in lines] == [
        ["jobs/s", "1,100", "900"],
        ["CPU µs a job", "450", "7"],
        ["control_plane", "400", "0"],
        ["client", "50", "0"],
        ["gateway", "0", "7"],
    ]


def test_ours_is_measured_with_what_is_switched_on_beside_itself_without() -> None:
    old, here = Side("old", Path("there")), Path("here")

    first, second = sides_of(old, here, Path("/any/policy.yaml"))

    assert first == [old, Side("new", here)]
    assert [each.name for each in second] == ["plain", "telemetry", "policy"]
    assert second[0].options == ("--trace-ratio", "0.01")
    assert second[1].options[2:] == ("--env", "QUEUEBIT_TELEMETRY=console", "--env", "QUEUEBIT_TRACE_RATIO=0.01")
    assert second[2].options[2:] == ("--policy", "/any/policy.yaml")
    assert [each.name for each in sides_of(old, here, None)[1]] == ["plain", "telemetry"]


def test_an_old_commit_is_taken_out_and_built_and_the_next_time_it_is_there(repository: Path, tmp_path: Path) -> None:
    say = Console(quiet=True)

    old = prepared("HEAD", repository, tmp_path / "beside", say)

    assert (old.name, old.options) == ("old", ())
    assert (old.root / ".venv" / "bin").is_dir()
    assert prepared("HEAD", repository, tmp_path / "beside", say) == old


def test_what_cannot_be_run_says_why(repository: Path, tmp_path: Path) -> None:
    say = Console(quiet=True)
    with pytest.raises(BenchFailed, match="ended with"):
        prepared("no-such-commit", repository, tmp_path / "beside", say)

    run("git", "rm", "-rqf", "libs", where=repository)
    run("git", "-c", "user.name=ann", "-c", "user.email=ann@example.org", "commit", "-qm", "Two", where=repository)
    with pytest.raises(BenchFailed, match="has no benchmark"):
        prepared("HEAD", repository, tmp_path / "beside", say)

    with pytest.raises(BenchFailed, match="cannot be started"):
        asyncio.run(compared([Side("old", tmp_path / "none")], 1, 1, tmp_path))


def test_sides_do_their_bursts_in_turns_each_time_in_the_other_order(tmp_path: Path) -> None:
    sides = [Side(name, a_root(tmp_path / name, ANSWERS), (name,)) for name in ("one", "two")]

    told = asyncio.run(measured([sides], 2, 70, tmp_path, Console(quiet=True)))

    assert told == {name: [Burst(70, {"any": 5.0})] * 2 for name in ("one", "two")}
    kept = json.loads((tmp_path / "turns.json").read_text())
    assert kept["two"] == [{"jobs_per_s": 70, "cpu_us_per_job": {"any": 5.0}}] * 2
    asked = (tmp_path / "asked").read_text().splitlines()
    assert [line for line in asked if line != "ended"] == ["70 one", "70 two", "70 two", "70 one"]


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("#!/bin/sh\necho no server >&2\nexit 3\n", "The old one ended with 3:\nno server"),
        ("#!/bin/sh\necho '{}'\nread jobs\nexit 4\n", "The old one ended with 4:\n"),
        ("#!/bin/sh\nexec sleep 60\n", "The old one said nothing within 0.5 s."),
    ],
)
def test_a_side_that_ends_or_says_nothing_ends_the_comparison_and_the_other_side(
    tmp_path: Path, script: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "START_S", 0.5 if "sleep" in script else 30.0)
    sides = [Side("old", a_root(tmp_path / "old", script)), Side("new", a_root(tmp_path / "new", ANSWERS))]

    with pytest.raises(BenchFailed) as failed:
        asyncio.run(compared(sides, 1, 1, tmp_path))

    assert str(failed.value).rstrip() == why.rstrip()


def test_a_side_finds_the_benchmark_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a commit in which it was elsewhere, then there; given one that has none, it says so."""
    assert side.part("full").__name__ == "queuebit_workbench.bench.full"

    monkeypatch.setattr(side, "MODULES", ("queuebit_nowhere.bench", "queuebit_workbench.bench"))
    assert side.part("full").__name__ == "queuebit_workbench.bench.full"
    monkeypatch.setattr(side, "MODULES", ("queuebit_nowhere.bench",))
    with pytest.raises(ModuleNotFoundError, match=r"no benchmark in queuebit_nowhere\.bench"):
        side.part("full")


@pytest.mark.parametrize("names", [side.PREPARE, side.DRIVER, side.PIDS, side.PLAN])
def test_a_side_calls_the_parts_of_a_benchmark_by_the_names_of_its_commit(names: tuple[str, ...]) -> None:
    """Given this commit, then by the newest name; given one that has an older, by that; given none, it says so."""
    full = side.part("full")

    assert side.called(full, names) is getattr(full, names[0])
    assert side.called(SimpleNamespace(**{names[-1]: "older"}), names) == "older"
    with pytest.raises(AttributeError, match=names[0]):
        side.called(json, names)


def test_a_side_runs_by_its_path_where_no_module_of_the_benchmark_hides_another(tmp_path: Path) -> None:
    """Its folder has modules by names that Python has as well."""
    argv = (sys.executable, "-P", str(side.__file__), "--help")

    said = subprocess.run(argv, cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    assert "--trace-ratio" in said


def test_what_is_compared_decides_the_exit_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = found([1000.0], [900.0], plain=[900.0], telemetry=[855.0])

    async def at_once(*_: Any) -> Found:
        return told

    monkeypatch.setattr(beside, "prepared", lambda *_: Side("old", tmp_path))
    monkeypatch.setattr(beside, "measured", at_once)
    argv = ["any", "--folder", str(tmp_path)]

    assert beside.main([*argv, "--tolerance", "0.2"]) == beside.EXIT_OK
    assert beside.main(argv) == beside.EXIT_SLOWER
    assert "MISS ours over the old: 0.900" in capsys.readouterr().out


def test_a_policy_that_cannot_be_read_is_refused_before_anything_starts(tmp_path: Path, capsys: Any) -> None:
    with pytest.raises(SystemExit):
        parse(["--policy", str(tmp_path / "none.yaml")])

    assert "cannot be read" in capsys.readouterr().err
    settings, _ = parse(["--policy", str(POLICIES / "canary.yaml")])
    assert settings.policy == str(POLICIES / "canary.yaml")


def test_a_program_that_takes_too_long_is_ended(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / "Makefile").write_text("setup:\n\tsleep 60\n")
    run("git", "-c", "user.name=ann", "-c", "user.email=ann@example.org", "commit", "-qam", "Slow", where=repository)
    monkeypatch.setattr(beside, "SETUP_S", 0.5)

    with pytest.raises(BenchFailed, match=r"did not end within 0\.5 s"):
        prepared("HEAD", repository, tmp_path / "beside", Console(quiet=True))
