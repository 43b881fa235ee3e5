"""The honesty report of real jobs: repeatable, made of what is printed, drawn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from queuebit_problems.instances import file_name, load
from tests.e2e.command_line import queuebit

RUN = ("--kind", "maxcut", "--lane", "simulator", "--seed", "7", "--param", "placebo=true", "--report", "--json")


def without_circumstances(job: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in job.items() if name not in ("job_id", "circumstances")}


async def test_the_same_job_with_the_same_seed_has_the_same_report(tmp_path: Path) -> None:
    path = tmp_path / file_name("mc_008_003_000")
    path.write_text(load("mc_008_003_000").text)
    printed = [await queuebit("run", str(path), *RUN, cwd=tmp_path) for _ in range(2)]
    documents = [json.loads(each.stdout) for each in printed]
    saved = tmp_path / "jobs.json"
    saved.write_text("".join(each.stdout for each in printed))

    first, again = (document["report"]["jobs"][0] for document in documents)
    told = await queuebit("report", "--file", str(saved), "--plot", "plots", "--json", cwd=tmp_path)

    assert [each.returncode for each in (*printed, told)] == [0, 0, 0], told.stderr
    assert without_circumstances(first) == without_circumstances(again)
    (attempt,) = first["attempts"]
    assert (first["objective"], attempt["counts_fingerprint"] is not None) == (10, True)
    assert attempt["p_opt"]["count"] == attempt["shots"] == 1024
    assert (attempt["placebo_objective"], attempt["placebo_matched"], first["winner"]["credit"]) == (10, True, "polish")
    assert json.loads(told.stdout)["jobs"] == [first, again]
    assert {path.suffix for path in (tmp_path / "plots").iterdir()} == {".svg"}


async def test_a_sampled_answer_that_is_worse_than_the_quick_baseline_falls_back_with_its_reason(
    tmp_path: Path,
) -> None:
    path = tmp_path / file_name("mc_012_003_000")
    path.write_text(load("mc_012_003_000").text)
    poor = ("--param", "polish=false", "--param", "shots=1", "--param", "layers=1")
    done = await queuebit("run", str(path), *RUN, *poor, cwd=tmp_path)

    document = json.loads(done.stdout)
    job = document["report"]["jobs"][0]
    assert (done.returncode, document["verdict"], document["objective"]) == (0, "accepted", 16), done.stderr
    assert [(attempt["lane"], attempt["state"]) for attempt in job["attempts"]] == [
        ("simulator", "needs_review"), ("classical", "accepted"),
    ]  # fmt: skip
    assert (job["winner"]["lane"], job["winner"]["credit"]) == ("classical", "baseline")
    assert any("needs review: worse_than_baseline" in reason for reason in document["reasons"])
