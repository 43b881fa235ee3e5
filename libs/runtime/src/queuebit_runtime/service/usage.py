"""The command line of a service: help that teaches, and no arguments."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pydantic_settings import BaseSettings

from queuebit_runtime.service.settings import RuntimeSettings
from queuebit_runtime.service.settings_text import Setting, settings_of

WIDTH = 100
EXITS = (
    (0, "it was asked to end (SIGTERM, SIGINT) and did so in good order"),
    (1, "it crashed; the log says where"),
    (2, "an argument or a setting is wrong; it is named on standard error"),
    (8, "something that it needs did not answer in time; it is named in the log with what to do"),
    (9, "another live process has the same QUEUEBIT_GROUP_INSTANCE"),
)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a service says of itself. `models` gives what it reads besides what every service does; `more`: other commands."""

    module: str
    about: str
    models: Callable[[], Sequence[type[BaseSettings]]] = tuple
    needs: tuple[str, ...] = ("QUEUEBIT_KAFKA",)
    more: str = ""


def run_command(argv: Sequence[str], usage: Usage, serve: Callable[[], int]) -> int:
    """Serve where there are no arguments. `--help` prints the help and starts nothing; anything else exits with 2."""
    if argv:
        _parser(usage).parse_args(argv)
    return serve()


def _parser(usage: Usage) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=f"python -m {usage.module}",
        description=_filled(usage.about),
        epilog=_epilog(usage),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _epilog(usage: Usage) -> str:
    shared = set(RuntimeSettings.model_fields)
    own = [each for model in usage.models() for each in settings_of(model, without=shared)]
    parts = [
        usage.more,
        _filled(f"It takes no arguments: settings are environment variables. It needs {' and '.join(usage.needs)}."),
        _listed("Settings of its own:", own) if own else "",
        _listed("Settings of every service:", settings_of(RuntimeSettings)),
        "Exit codes:\n" + "\n".join(f"  {code}  {meaning}" for code, meaning in EXITS),
    ]
    return "\n\n".join(part for part in parts if part)


def _listed(title: str, settings: Iterable[Setting]) -> str:
    lines = [title]
    for setting in settings:
        default = "must be set" if setting.default is None else f"default {setting.default or '(empty)'}"
        lines.append(f"  {setting.variable}  ({setting.values}; {default})")
        if setting.meaning:
            lines.append(_filled(setting.meaning, indent="      "))
    return "\n".join(lines)


def _filled(text: str, indent: str = "") -> str:
    return textwrap.fill(" ".join(text.split()), WIDTH, initial_indent=indent, subsequent_indent=indent)
