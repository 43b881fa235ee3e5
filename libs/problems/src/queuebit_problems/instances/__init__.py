"""Small instances with their best known values, carried by the package for demonstrations and tests.

Sources and licences: LICENCES.md beside this file.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from queuebit_contracts.jobs import Number
from queuebit_problems.errors import UnknownInstance


class Instance(NamedTuple):
    """The text is in a format that the kind reads. Every best known value here is proved optimal."""

    kind: str
    text: str
    best_known: Number


def names(kind: str | None = None) -> tuple[str, ...]:
    """The names of the instances, of one kind or of all, in the order of the catalogue."""
    return tuple(name for name, entry in _catalogue().items() if kind is None or entry["kind"] == kind)


def load(name: str) -> Instance:
    """An instance by its name. Raises UnknownInstance, which lists the names."""
    entry = _entry(name)
    text = files(__package__).joinpath(entry["file"]).read_text(encoding="utf-8")
    return Instance(entry["kind"], text, entry["value"])


def kind(name: str) -> str:
    """The kind of the instance. Raises UnknownInstance."""
    return str(_entry(name)["kind"])


def file_name(name: str) -> str:
    """The name of the instance's file. Raises UnknownInstance."""
    return str(_entry(name)["file"]).rpartition("/")[2]


def _entry(name: str) -> dict[str, Any]:
    entry = _catalogue().get(name)
    if entry is None:
        raise UnknownInstance(
            f"No instance is called {name[:100]!r}.",
            remedy=f"Use one of: {', '.join(names())}.",
        )
    return entry


@cache
def _catalogue() -> dict[str, dict[str, Any]]:
    text = files(__package__).joinpath("best_known.json").read_text(encoding="utf-8")
    catalogue: dict[str, dict[str, Any]] = json.loads(text)
    return catalogue
