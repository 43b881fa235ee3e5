"""What the pages show can be typed: each command, flag and make target is there, Python compiles, JSON and YAML can be read.

The tutorials, the runbooks and other pages are run besides, each by the test of its subject.
"""

from __future__ import annotations

import ast
import json
import re
import shlex
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from queuebit_client.cli.main import build

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "infra/docs").rglob("*.md"))]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HERE_DOCUMENT = re.compile(r"<<'?(\w+)'?.*?\n.*?^\1$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?:^    \S.*\n)+", re.MULTILINE)
_INLINE = re.compile(r"`((?:queuebit|make) [^`]+)`")
_PARTS = re.compile(r"&&|\|\||;|\||\$\(|\n")
BEFORE = {"exec", "export", "do", "then", "until", "if", "nohup", "time"}
_COMMANDS: Any = get_command(build())


def blocks(path: Path, *languages: str) -> Iterator[str]:
    for language, text in _BLOCK.findall(path.read_text()):
        if language in languages:
            yield text


def shown(path: Path) -> Iterator[str]:
    """What can be typed of the page: its blocks, fenced or indented, and what stands in a line."""
    yield from blocks(path, "console", "sh", "bash")
    rest = _BLOCK.sub("", path.read_text())
    yield from (text for text in _INDENTED.findall(rest) if not text.lstrip().startswith(("{", "[")))
    yield from _INLINE.findall(rest)


def commands(path: Path) -> Iterator[list[str]]:
    """The words of each command of the page."""
    for block in shown(path):
        text = re.sub(r"^\$ ", "", block, flags=re.MULTILINE).replace("\\\n", " ")
        for part in _PARTS.split(_HERE_DOCUMENT.sub("", text)):
            try:
                words = shlex.split(part, comments=True)
            except ValueError:
                continue
            yield [word.rstrip(")") for word in words]


def wrong(words: list[str]) -> str | None:
    """What is wrong with a command, where it is one of ours."""
    while words and (re.match(r"\w+=", words[0]) or words[0] in BEFORE):
        words = words[1:]
    match words:
        case ["queuebit" | ".venv/bin/queuebit", *rest]:
            return wrong_verb(rest)
        case ["make", *rest]:
            named = [each for each in rest if re.fullmatch(r"[a-z-]+", each)]
            return next((f"no target {each}" for each in named if each not in TARGETS), None)
        case [program, "-m", module, *_] if program.endswith("python") and re.fullmatch(r"[\w.]+", module):
            return None if find_spec(module.split(".")[0]) else f"no module {module}"
        case _:
            return None


def wrong_verb(words: list[str]) -> str | None:
    command = _COMMANDS
    rest = list(words)
    while rest and rest[0] in getattr(command, "commands", {}):
        command = command.commands[rest.pop(0)]
    if hasattr(command, "commands"):
        return None if not rest or rest[0].startswith("-") else f"no verb {rest[0]}"
    known = {option for each in command.params for option in (*each.opts, *each.secondary_opts)} | {"--help"}
    flags = [each.partition("=")[0] for each in rest if re.fullmatch(r"--[a-z][a-z-]*(=.*)?", each)]
    return next((f"no flag {each}" for each in flags if each not in known), None)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_page_shows_can_be_typed(page: Path) -> None:
    found = [(shlex.join(words), said) for words in commands(page) if (said := wrong(words)) is not None]

    assert found == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_page_shows_can_be_read(page: Path) -> None:
    for text in blocks(page, "python"):
        ast.parse(text)
    for text in blocks(page, "json"):
        json.loads(text)
    for text in blocks(page, "yaml", "yml"):
        list(yaml.safe_load_all(text))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("queuebit ops verify --json", None),
        ("queuebit ops verfy", "no verb verfy"),
        ("A=1 .venv/bin/queuebit list --jsn", "no flag --jsn"),
        ("make drill DRILL=late-jobs", None),
        ("make drll", "no target drll"),
        ("python -m queuebit_stoer migrate", "no module queuebit_stoer"),
        ("ls --anything", None),
    ],
)
def test_a_mistake_is_found(typed: str, said: str | None) -> None:
    assert wrong(shlex.split(typed)) == said
