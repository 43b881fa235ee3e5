"""The tutorials are typed as they stand, block by block; those that start servers or take long by `make tutorials`."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "infra/docs/tutorials"
TIMEOUT_S = 400.0
WITHOUT_SERVER = {"first-answer", "optimisation-service"}
SAID = {
    "first-answer": ("objective: 10", "10 [", "feasible: yes", "maxcut"),
    "optimisation-service": ("monday: 2 routes, length 27", "0 days planned"),
    "decision-service": ("0 errors", "2 decisions, none worse than its first answer, by upgrade/1"),
    "experiment-loop": ("goes on after iteration 20", "within chemical accuracy after 30 iterations", "test_accuracy="),
    "first-event": ("order-1", "order-2", "JobCompleted", "Stopped"),
    "first-provider": ("fake_nairobi", "quantum", "Stopped"),
    "first-policy": ("rule: small", "first/1", "exit code 1: some plans change", "Stopped"),
    "first-incident": ("exit code 8", "not ready", "Stopped"),
}
_BLOCK = re.compile(r"^```(console|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ANY_BLOCK = re.compile(r"^```(\w*)\n", re.MULTILINE)


def typed(page: str) -> str:
    """What is typed: console lines as they are, Python as a program."""
    lines = []
    for language, text in _BLOCK.findall((PAGES / f"{page}.md").read_text()):
        if language == "console":
            lines += [line.removeprefix("$ ") for line in text.splitlines()]
        else:
            lines.append(f".venv/bin/python - <<'END_OF_PYTHON'\n{text}END_OF_PYTHON")
    return "\n".join(["set -euo pipefail", *lines])


def a_checkout(folder: Path) -> Path:
    """A folder that looks like a checkout and keeps what the page makes."""
    for name in (".venv", "libs", "infra"):
        (folder / name).symlink_to(ROOT / name)
    return folder


async def bash(text: str, folder: Path) -> tuple[int, str]:
    """Type the text into a shell of its own; what is left of it is ended."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("QUEUEBIT_")}
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", text),
        cwd=folder,
        env=env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), TIMEOUT_S)
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return process.returncode or 0, said.decode()


def test_every_tutorial_says_what_comes_of_it_and_has_no_block_that_is_not_typed() -> None:
    pages = {page.stem: page.read_text() for page in PAGES.glob("*.md")}

    assert set(pages) == set(SAID)
    for name, text in pages.items():
        assert set(_ANY_BLOCK.findall(text)) - {""} <= {"console", "python"}, name


@pytest.mark.parametrize("page", sorted(WITHOUT_SERVER))
async def test_a_tutorial_without_a_server_works_as_it_stands(page: str, tmp_path: Path) -> None:
    code, said = await bash(typed(page), a_checkout(tmp_path))

    assert code == 0, said
    assert [each for each in SAID[page] if each not in said] == []


@pytest.mark.tutorials
@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", sorted(set(SAID) - WITHOUT_SERVER))
async def test_a_tutorial_works_as_it_stands(page: str, tmp_path: Path) -> None:
    """Given nothing but a checkout, when the page is typed, then all it shows happens, and nothing runs after."""
    folder = a_checkout(tmp_path)
    code, said = await bash(typed(page), folder)
    if code:
        await bash(".venv/bin/queuebit down", folder)

    assert code == 0, said
    assert [each for each in SAID[page] if each not in said] == [], said
