"""`queuebit`: builds the commands, runs one, and turns whatever happens into an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib.metadata import entry_points

import typer

from queuebit_client.cli.app import PLUG_INS, new_app
from queuebit_client.cli.exit_codes import ExitCode

GROUP = "queuebit.commands"
"""Entry points of plug-ins: each value is a function `register(app: typer.Typer) -> None`."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit."""
    code = run(arguments)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(int(code))


def run(arguments: list[str] | None = None) -> int:
    """Run one command; its exit code."""
    from typer.exceptions import TyperException

    try:
        return int(build()(args=arguments, standalone_mode=False) or ExitCode.OK)
    except TyperException as error:
        show = getattr(error, "show", None)
        if show is not None:
            show()
        return int(getattr(error, "exit_code", ExitCode.USAGE))
    except (KeyboardInterrupt, typer.Abort):
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        return ExitCode.OK
    except Exception as error:
        return _told(error)


def build() -> typer.Typer:
    """The commands with those of installed plug-ins; for known plug-ins that are missing, a hint at what to install."""
    app = new_app()
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            point.load()(app)
        except Exception as error:
            sys.stderr.write(f"The plug-in {point.name} ({point.value}) cannot be loaded: {error}\n")
    present = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}
    present |= {group.name for group in app.registered_groups if isinstance(group.name, str)}
    for name, (meaning, package) in PLUG_INS.items():
        if name not in present:
            app.command(name, help=meaning, hidden=True, context_settings=_ANYTHING)(_missing(name, package))
    return app


_ANYTHING = {"allow_extra_args": True, "ignore_unknown_options": True}


def _missing(name: str, package: str) -> Callable[[], int]:
    def command() -> int:
        sys.stderr.write(f"`queuebit {name}` comes with another package. Install it: pip install {package}\n")
        return ExitCode.USAGE

    return command


def _told(error: Exception) -> int:
    """Say what went wrong and what to do; the exit code of its kind. An error that is not ours is raised on."""
    from queuebit_client import errors as e

    if not isinstance(error, e.QueuebitError):
        raise error
    sys.stderr.write(f"Error: {error.detail} ({error.code})\n")
    for field in error.fields:
        sys.stderr.write(f"  {field}\n")
    for name, value in (("Remedy", error.remedy), ("Job", error.job_id), ("Request", error.request_id)):
        if value:
            sys.stderr.write(f"{name}: {value}\n")
    kinds: dict[type[e.QueuebitError], ExitCode] = {
        e.NotFound: ExitCode.NOT_FOUND,
        e.Unauthenticated: ExitCode.AUTH,
        e.Forbidden: ExitCode.AUTH,
        e.WaitTimeout: ExitCode.WAIT_TIMEOUT,
        e.Conflict: ExitCode.CONFLICT,
        e.Unavailable: ExitCode.UNAVAILABLE,
        e.Unreachable: ExitCode.UNAVAILABLE,
        e.BadAnswer: ExitCode.UNAVAILABLE,
    }
    return next((code for kind, code in kinds.items() if isinstance(error, kind)), ExitCode.USAGE)
