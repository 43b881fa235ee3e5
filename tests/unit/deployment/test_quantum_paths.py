"""The gate of quantum paths: what passes it, and each way in which it does not; a stand-in answers for what takes long."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.deployment.rendered import ROOT

SCRIPT = ROOT / "infra/ci/quantum-paths"
WORKFLOW: dict[Any, Any] = yaml.safe_load((ROOT / ".github/workflows/quantum-paths.yaml").read_text())
QUEUEBIT = Path(sys.executable).with_name("queuebit")
STAND_IN = """#!/usr/bin/env bash
case "$1 $2" in
  "policy lint") exec {queuebit} "$@" ;;
  "policy diff") printf '{{"new": "a", "share": %s, "x": 1}}\\n' "$SHARE"; exit "$DIFF" ;;
  *) printf '{{"state": "completed", "objective": %s, "bound": 1}}\\n' "$OBJECTIVE"; exit "$RUN" ;;
esac
"""
WELL = {"SHARE": "0.1", "DIFF": "1", "OBJECTIVE": "10", "RUN": "0", "QUEUEBIT_POSTGRES": "postgresql://nobody"}


def gate(folder: Path, policies: Path, **env: str) -> tuple[int, str]:
    """The exit code, and the summary that is kept."""
    stand_in = folder / "queuebit"
    stand_in.write_text(STAND_IN.format(queuebit=QUEUEBIT))
    stand_in.chmod(0o700)
    done = subprocess.run(
        [str(SCRIPT), str(policies), str(folder / "reports")],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "QUEUEBIT": str(stand_in), **WELL, **env},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, (folder / "reports/summary.txt").read_text() if done.returncode != 2 else done.stderr


@pytest.mark.parametrize(
    ("env", "code", "said"),
    [
        ({}, 0, "0.1 of the plans would change"),
        ({"DIFF": "0"}, 0, "nothing of the last 7 days would change"),
        ({"DIFF": "3"}, 0, "nothing was decided"),
        ({"SHARE": "0.5"}, 1, "preview FAILED"),
        ({"SHARE": "0.5", "CHANGE_APPROVED": "ada"}, 0, "which ada allows"),
        ({"DIFF": "8"}, 1, "exit code 8"),
        ({"OBJECTIVE": "9"}, 1, "golden  FAILED maxcut on the classical lane: exit code 0, objective 9, expected 10"),
        ({"RUN": "1"}, 1, "golden  FAILED"),
        ({"QUEUEBIT_POSTGRES": ""}, 0, "nothing is compared"),
    ],
)
def test_what_passes_the_gate_and_what_does_not(env: dict[str, str], code: int, said: str, tmp_path: Path) -> None:
    found, summary = gate(tmp_path, ROOT / "infra/examples/policies", **env)

    assert (found, said in summary) == (code, True), summary


def test_a_policy_with_a_warning_does_not_pass(tmp_path: Path) -> None:
    policies = tmp_path / "policies"
    policies.mkdir()
    text = (ROOT / "infra/examples/policies/canary.yaml").read_text()
    (policies / "bad.yaml").write_text(text.replace("policy:", "polcy:", 1))

    code, summary = gate(tmp_path, policies)

    assert (code, "lint    FAILED" in summary, summary.endswith("It may not go on.\n")) == (1, True, True)


def test_where_nothing_is_shown_nothing_passes(tmp_path: Path) -> None:
    """Given a folder without a policy, and a table without a question, then neither passes."""
    (tmp_path / "none").mkdir()
    (tmp_path / "none.tsv").write_text("# file\tkind\tlane\tobjective\n")

    code, summary = gate(tmp_path, tmp_path / "none")
    assert (code, "there is no policy in it" in summary) == (1, True)
    code, summary = gate(tmp_path, ROOT / "infra/examples/policies", GOLDEN=str(tmp_path / "none.tsv"))
    assert (code, "there is no question in it" in summary) == (1, True)
    assert gate(tmp_path, ROOT / "infra/examples/policies", GOLDEN=str(tmp_path / "absent.tsv"))[0] == 2


def test_the_last_question_counts_without_an_end_of_line(tmp_path: Path) -> None:
    (tmp_path / "one.tsv").write_text("a.txt\tmaxcut\tclassical\t11")
    code, summary = gate(tmp_path, ROOT / "infra/examples/policies", GOLDEN=str(tmp_path / "one.tsv"))

    assert (code, "expected 11" in summary) == (1, True)


def test_a_folder_that_is_not_there_is_a_wrong_argument_and_the_usage_is_told(tmp_path: Path) -> None:
    code, said = gate(tmp_path, tmp_path / "nothing")

    assert (code, "Exit codes: 0 it may go on" in said) == (2, True)


def test_the_workflow_calls_the_script_with_its_inputs_and_applies_only_what_passed() -> None:
    """Given the workflow, then each variable of the script is an input, and the apply waits for the check."""
    check, apply = WORKFLOW["jobs"]["check"], WORKFLOW["jobs"]["apply"]
    script = SCRIPT.read_text()

    assert any("infra/ci/quantum-paths" in step.get("run", "") for step in check["steps"])
    assert [name for name in check["env"] if name != "POLICIES" and name not in script] == []
    assert apply["needs"] == "check"
    for job in (check, apply):
        assert [step["run"] for step in job["steps"] if "${{" in step.get("run", "")] == [], "a value is no shell"
    assert any("policy apply" in step.get("run", "") for step in apply["steps"])
    assert WORKFLOW["permissions"] == {"contents": "read"}
