"""The drill on real servers, with few jobs: the commands of the runbook, in their order, put a bad backend right."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import uuid4

from queuebit_devstack.stack import Stack
from queuebit_workbench.drill.page import read_page
from queuebit_workbench.drill.wrong_results import drill_on, in_stretches

PAGE = Path(__file__).parents[2] / "infra/docs/runbooks/wrong-results-from-a-backend.md"
JOBS = 60
COMMANDS_MAX = 6


def verbs(lines: list[str]) -> list[str]:
    """The verb of each command."""
    return [match[1] for line in lines if (match := re.match(r"queuebit ops((?: [a-z]+)+)", line))]


async def test_a_backend_that_goes_wrong_is_put_right_by_the_commands_of_the_page(stack: Stack) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    page = [line for block in blocks for line in block.splitlines() if line.strip()]

    read = read_page(PAGE.parent, PAGE.stem)
    outcome = await drill_on(stack, read, JOBS, lambda _text: None, namespace=f"drill_{uuid4().hex[:12]}")

    done = [line for line, _ in outcome.commands]
    assert len(done) <= COMMANDS_MAX
    assert [code for _, code in outcome.commands] == [0] * len(done)
    assert verbs(done) == verbs(page)
    assert outcome.counts["wrong, suspect"] >= JOBS // 5
    assert outcome.counts["invalidated"] == outcome.counts["wrong, suspect"]
    assert outcome.counts["better"] == outcome.counts["wrong, suspect"]
    assert "wrong" not in outcome.counts


def test_only_the_length_of_a_stretch_is_another_one() -> None:
    words = ("queuebit", "ops", "jobs", "survey", "--since", "60", "--every", "60")
    assert in_stretches(words) == (*words[:-1], "1")
