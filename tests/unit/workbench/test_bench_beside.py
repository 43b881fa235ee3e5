"""Two benchmarks beside each other: what is compared, and how an old commit is brought to run."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from queuebit_workbench.bench import beside
from queuebit_workbench.bench.__main__ import parse
from queuebit_workbench.bench.beside import Side, Turn, lines_of, prepared, slower, table_of
from queuebit_workbench.bench.errors import BenchFailed

POLICIES = Path(__file__).parents[3] / "infra" / "examples" / "policies"
BENCH = """#!/bin/sh
echo '{"ratio": 0.3, "argv": "'"$*"'"}' > "$8"
"""


def a_document(ratio: float, *, telemetry: float | None = None, policy: float | None = None) -> dict[str, Any]:
    told = {"plain": 1000.0, "telemetry": telemetry, "policy": policy}
    return {
        "ratio": ratio,
        "jobs_per_s": 1100.0,
        "bare_jobs_per_s": 1000.0 / ratio,
        "cpu_us_per_job_total": 900.0,
        "bare": {"cpu_us_per_job_total": 300.0},
        **{name: None if rate is None else {"jobs_per_s": rate} for name, rate in told.items()},
    }


def turns(*ratios: tuple[float, float]) -> list[Turn]:
    return [Turn(a_document(old), a_document(new)) for old, new in ratios]


def run(*argv: str, where: Path) -> None:
    subprocess.run(argv, cwd=where, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """One commit with a benchmark where it was once, and a `make setup` that builds an environment."""
    where = tmp_path / "repository"
    package = where / "libs" / "devstack" / "src" / "queuebit_devstack" / "bench"
    package.mkdir(parents=True)
    (package / "__main__.py").write_text("")
    (where / "python.sh").write_text(BENCH)
    (where / "Makefile").write_text(
        "setup:\n\tmkdir -p .venv/bin\n\tcp python.sh .venv/bin/python\n\tchmod +x .venv/bin/python\n"
    )
    run("git", "init", "-q", where=where)
    run("git", "add", ".", where=where)
    run("git", "-c", "user.name=ann", "-c", "user.email=ann@example.org", "commit", "-qm", "One", where=where)
    return where


def test_the_median_of_the_turns_counts_and_the_tolerance_is_kept() -> None:
    """Given a turn in which the machine was busy with ours, then the others decide."""
    found = turns((0.3, 0.297), (0.3, 0.1), (0.32, 0.32))

    assert not slower(found, 0.02)
    assert slower(found, 0.005)
    assert lines_of(found, 0.02) == ["ok   ours over the old: 0.990 (bar: ≥ 0.98)"]
    assert lines_of(found, 0.005) == ["MISS ours over the old: 0.990 (bar: ≥ 0.995)"]


def test_what_is_left_with_telemetry_and_with_a_policy_is_told_where_it_was_measured() -> None:
    found = [Turn(a_document(0.3), a_document(0.3, telemetry=950.0, policy=850.0))]

    assert lines_of(found, 0.02)[1:] == [
        "ok   throughput with telemetry: 0.950 of that without (bar: ≥ 0.9)",
        "MISS throughput with policy: 0.850 of that without (bar: ≥ 0.9)",
    ]
    assert table_of(found).row_count == 2


def test_an_old_commit_is_taken_out_built_and_run_and_the_next_time_it_is_there(
    repository: Path, tmp_path: Path
) -> None:
    say = Console(quiet=True)

    side = prepared("HEAD", repository, tmp_path / "beside", say)
    document = side.bench(tmp_path / "out.json", 4000, 1.0)

    assert (side.name, side.module) == ("old", "queuebit_devstack.bench")
    assert document["argv"] == f"-m queuebit_devstack.bench --jobs 4000 --seconds 1 --out {tmp_path / 'out.json'}"
    assert prepared("HEAD", repository, tmp_path / "beside", say) == side


def test_what_cannot_be_run_says_why(repository: Path, tmp_path: Path) -> None:
    say = Console(quiet=True)
    with pytest.raises(BenchFailed, match="ended with"):
        prepared("no-such-commit", repository, tmp_path / "beside", say)

    run("git", "rm", "-rqf", "libs", where=repository)
    run("git", "-c", "user.name=ann", "-c", "user.email=ann@example.org", "commit", "-qm", "Two", where=repository)
    with pytest.raises(BenchFailed, match="has no benchmark"):
        prepared("HEAD", repository, tmp_path / "beside", say)

    with pytest.raises(BenchFailed, match="ended with"):
        Side("old", tmp_path, "x").bench(tmp_path / "none" / "out.json", 1, 1.0)


def test_a_policy_that_cannot_be_read_is_refused_before_anything_starts(tmp_path: Path, capsys: Any) -> None:
    with pytest.raises(SystemExit):
        parse(["--policy", str(tmp_path / "none.yaml")])

    assert "cannot be read" in capsys.readouterr().err
    settings, _ = parse(["--policy", str(POLICIES / "canary.yaml")])
    assert settings.policy == str(POLICIES / "canary.yaml")


def test_a_benchmark_that_takes_too_long_is_asked_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\ntrap 'echo asked > asked; exit 1' TERM\nsleep 5 > /dev/null 2>&1 & wait\n")
    python.chmod(0o755)
    monkeypatch.setattr(beside, "RUN_S", 0.5)

    with pytest.raises(BenchFailed, match=r"did not end within 0\.5 s"):
        Side("old", tmp_path, "x").bench(tmp_path / "out.json", 1, 1.0)

    assert (tmp_path / "asked").exists()
