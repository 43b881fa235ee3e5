"""What goes where: data on standard output, everything else on standard error; tables for people, lines for pipes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from queuebit_client.cli.exit_codes import ExitCode
from queuebit_client.document import is_accepted

_PLAIN = (
    "id",
    "state",
    "suspect",
    "superseded",
    "kind",
    "objective",
    "bound",
    "gap",
    "verdict",
    "confidence",
    "ran",
    "cost",
    "answer",
)


def for_people() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout.isatty()


def note(text: str) -> None:
    """Tell people something that is no data."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def print_json(value: Any) -> None:
    """One JSON document: indented for people, one line for pipes."""
    sys.stdout.write(json.dumps(value, indent=2 if for_people() else None, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def print_line(text: str) -> None:
    """One line of data, as it is."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def show_outcome(document: Mapping[str, Any], *, as_json: bool) -> ExitCode:
    """Print the outcome of a job that was waited for, and give the exit code that it stands for."""
    if as_json:
        print_json(document)
    elif for_people():
        from queuebit_client.cli.render import print_outcome

        print_outcome(document)
    else:
        for name in _PLAIN:
            if document.get(name) is not None:
                print_line(f"{name}: {_plain(document[name])}")
        for reason in document["reasons"]:
            print_line(f"reason: {reason}")
    return exit_code_of(document)


def exit_code_of(document: Mapping[str, Any]) -> ExitCode:
    """0 only for an accepted answer."""
    return ExitCode.OK if is_accepted(document) else ExitCode.JOB_NOT_ACCEPTED


def show_table(title: str, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """A table for people; for pipes, lines of values with tabs between them."""
    if for_people():
        from queuebit_client.cli.render import print_table

        print_table(title, list(columns), rows)
        return
    for row in rows:
        print_line("\t".join(_plain(value) for value in row))


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        value = {name: item for name, item in value.items() if item is not None}
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text.replace("\t", " ").replace("\n", " ")
