"""What a pipe reads of a job: also that its answer is not believed any more."""

from __future__ import annotations

from typing import Any

import pytest

from queuebit_client.cli.exit_codes import ExitCode
from queuebit_client.cli.output import show_outcome
from queuebit_client.document import document_of
from tests.unit.client.shown_jobs import AT, ID, a_job

OTHER = "01890000-0000-7000-8000-000000000002"


def lines_of(capsys: pytest.CaptureFixture[str], **changes: Any) -> list[str]:
    assert show_outcome(document_of(a_job(**changes)), as_json=False) is ExitCode.OK
    return capsys.readouterr().out.splitlines()


def test_an_answer_that_stands_has_no_line_about_that(capsys: pytest.CaptureFixture[str]) -> None:
    lines = lines_of(capsys)
    assert lines[:3] == [f"id: {ID}", "state: completed", "kind: maxcut"]
    assert not [line for line in lines if line.startswith(("suspect", "superseded"))]


def test_a_suspect_answer_says_so_before_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    lines = lines_of(capsys, suspect={"actor": "ann", "reason": "bad calibration", "at": AT, "replaced_by": OTHER})
    assert lines[2].startswith('suspect: {"actor": "ann", "reason": "bad calibration"')
    assert OTHER in lines[2]
