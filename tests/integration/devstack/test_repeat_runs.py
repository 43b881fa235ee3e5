"""The same job with the same seed is the same answer, counts, fingerprint and report, in any process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from queuebit_problems import instances
from tests.unit.problems.field_files import TSP

OWN_KEYS = {"id", "attempt_id", "elapsed_s", "wall_s", "cpu_s"}
"""What belongs to one run alone, beside the times of day."""
BELL = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\ncreg c[2];\nh q[0];\ncx q[0],q[1];\nmeasure q -> c;\n'

JOBS: list[tuple[str, str, list[str]]] = [
    ("cut.txt", instances.load("mc_008_003_000").text, ["--kind", "maxcut"]),
    ("tour.tsp", TSP, ["--lane", "simulator"]),
    ("items.kp", instances.load("kp_050_strong").text, ["--lane", "classical", "--budget-s", "30"]),
    ("bell.qasm", BELL, ["--param", "shots=500"]),
]
"""Both lanes side by side, one alone, the other alone until its proof, and a measurement."""


def without_ids_and_times(value: Any) -> Any:
    """The document of a job as far as it should repeat."""
    if isinstance(value, dict):
        return {
            key: without_ids_and_times(item)
            for key, item in value.items()
            if key not in OWN_KEYS and not key.endswith("_at")
        }
    return [without_ids_and_times(item) for item in value] if isinstance(value, list) else value


def started(file: Path, flags: list[str], hash_seed: int) -> subprocess.Popen[str]:
    command = [str(Path(sys.executable).with_name("queuebit")), "run", str(file), "--seed", "7", "--json", *flags]
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


@pytest.mark.parametrize(("name", "text", "flags"), JOBS, ids=[name for name, _, _ in JOBS])
def test_a_job_repeats_in_another_process(tmp_path: Path, name: str, text: str, flags: list[str]) -> None:
    file = tmp_path / name
    file.write_text(text)

    runs = [started(file, flags, hash_seed) for hash_seed in (1, 2)]
    ends = [(run.communicate(timeout=120), run.returncode) for run in runs]

    assert [code for _, code in ends] == [0, 0], ends
    first, second = (json.loads(output) for (output, _), _ in ends)
    assert without_ids_and_times(first) == without_ids_and_times(second)
    assert first["id"] != second["id"]
    assert first["state"] == "completed"
