"""A page of the runbooks as a drill reads it: the commands in its blocks, and what its tables say in between. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import NamedTuple

from queuebit_workbench.drill.errors import DrillFailed

_BLOCK = re.compile(r"^```sh\n(.*?)^```\n?", re.MULTILINE | re.DOTALL)
_LINE = re.compile(r"(?P<command>\S.*?)\s*# exit (?P<code>\d+)")
_SPAN = re.compile(r"`([^`]+)`")


class Command(NamedTuple):
    """A command of a page, and how it ends there."""

    words: tuple[str, ...]
    code: int

    def said(self, variables: Mapping[str, str]) -> tuple[str, ...]:
        """The words with the variables put in. Raises DrillFailed for one that nobody knows."""
        try:
            return tuple(Template(word).substitute(variables) for word in self.words)
        except (KeyError, ValueError) as error:
            raise DrillFailed(f"The page names a variable that is not known: {error} in {self.words}.") from None


@dataclass(frozen=True, slots=True)
class Page:
    """The blocks of commands in their order, and what stands between backticks elsewhere."""

    name: str
    blocks: tuple[tuple[Command, ...], ...]
    spans: tuple[str, ...]

    def span(self, start: str, put_in: Mapping[str, str]) -> tuple[str, ...]:
        """The words of what the page writes in a sentence or a table and begins so, with `put_in` for its placeholders.
        Raises DrillFailed where there is none.
        """
        found = next((each for each in self.spans if each.startswith(start)), None)
        if found is None:
            raise DrillFailed(f"{self.name} says nowhere {start!r}.")
        return tuple(put_in.get(word, word) for word in shlex.split(found))


def read_page(folder: Path, name: str) -> Page:
    """The page of that name. Raises DrillFailed for a line in a block that is no command with its exit code."""
    text = (folder / f"{name}.md").read_text()
    blocks = tuple(tuple(_command(name, line) for line in block.splitlines()) for block in _BLOCK.findall(text))
    return Page(name, blocks, tuple(_SPAN.findall(_BLOCK.sub("", text))))


def _command(name: str, line: str) -> Command:
    found = _LINE.fullmatch(line)
    if found is None:
        raise DrillFailed(f"{name}: {line!r} is no command with its exit code.")
    return Command(tuple(shlex.split(found["command"])), int(found["code"]))
