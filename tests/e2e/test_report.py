"""The honesty report of real jobs: repeatable, made of what is printed, drawn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from queuebit_problems.instances import file_name, load
from tests.e2e.test_commands import queuebit

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
