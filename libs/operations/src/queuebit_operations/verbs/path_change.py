"""The verbs of `queuebit path` that change something: each is recorded with who did it and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from queuebit_operations.verbs import acting as a
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_contracts.paths import PathEvent
    from queuebit_domain.paths.state import Path

_Name = Annotated[
    str, typer.Argument(metavar="PATH", help="The path: its name, version or id, or the beginning of one of them.")
]
_DocumentFile = Annotated[
    str,
    typer.Argument(metavar="FILE", help="What the path is, as JSON: see infra/examples/paths. `-` reads it from here."),
]
_TO = "simulate, batch_pilot or shadow: stages in which it answers nobody."


def add(group: typer.Typer) -> None:
    """Add the verbs."""
    for verb in (register, promote, freeze, retire, reopen):
        group.command(verb.__name__)(verb)


def register(file: _DocumentFile, reason: a.Reason, actor: a.Actor = None, as_json: o.Json = False) -> int:
    """Register a path: cohort, lane, settings, gate and budget. From then on they are fixed; another setting is another path.

    Who registers it owns it. Exit 6: it is registered already, with another gate or budget.
    """
    from queuebit_operations.running import run

    async def work() -> ExitCode:
        from queuebit_operations.paths.files import registration_of
        from queuebit_operations.paths.opening import opened_paths

        wanted = registration_of(file, owner=a.actor_or_user(actor), reason=reason)
        async with opened_paths() as (paths, now):
            path, new = await paths.register(wanted)
        return _told(path, now, "is registered" if new else "was registered already", as_json=as_json)

    return run(work())


def promote(name: _Name, reason: a.Reason, actor: a.Actor = None, as_json: o.Json = False) -> int:
    """Let a path up where its gate is ready: the first step into a canary needs somebody who does not own it.

    All other steps it takes by itself. Exit 6: the gate is not ready, with what is missing, or you own it.
    """

    def decide(path: Path, now: datetime) -> Sequence[PathEvent]:
        from queuebit_domain.paths import deciding

        return deciding.promote(path, a.actor_or_user(actor), reason, now)

    return _changed(name, decide, "was let up", as_json=as_json)


def freeze(name: _Name, reason: a.Reason, actor: a.Actor = None, as_json: o.Json = False) -> int:
    """Let no further job to a path, at once, and measure no more; what is out ends as it would. It stays until reopened."""

    def decide(path: Path, _now: datetime) -> Sequence[PathEvent]:
        from queuebit_domain.paths import deciding

        return deciding.freeze(path, a.actor_or_user(actor), reason)

    return _changed(name, decide, "is frozen", as_json=as_json)


def retire(name: _Name, reason: a.Reason, actor: a.Actor = None, as_json: o.Json = False) -> int:
    """Give a path up, and keep its report. One that should be given up is frozen by its gate, and waits for this."""

    def decide(path: Path, _now: datetime) -> Sequence[PathEvent]:
        from queuebit_domain.paths import deciding

        return deciding.retire(path, a.actor_or_user(actor), reason)

    return _changed(name, decide, "is retired", as_json=as_json)


def reopen(
    name: _Name,
    reason: a.Reason,
    trigger: Annotated[str, typer.Option(help="What is new: a device class, fewer errors, a lower price, a template.")],
    to: Annotated[str, typer.Option("--to", metavar="STAGE", help=_TO)] = "shadow",
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Measure a path again that was frozen or retired, from the beginning of a stage, with nothing shown yet."""
    from queuebit_contracts.paths import STAGES, Stage

    stages: dict[str, Stage] = {stage: stage for stage in STAGES}
    if to not in stages:
        raise typer.BadParameter(f"one of {_TO}", param_hint="--to")

    def decide(path: Path, _now: datetime) -> Sequence[PathEvent]:
        from queuebit_domain.paths import deciding

        return deciding.reopen(path, stages[to], trigger, a.actor_or_user(actor), reason)

    return _changed(name, decide, "is reopened", as_json=as_json)


def _changed(name: str, decide: Callable[[Path, datetime], Sequence[PathEvent]], what: str, *, as_json: bool) -> int:
    from queuebit_operations.running import run

    async def work() -> ExitCode:
        from queuebit_operations.paths.opening import opened_paths

        async with opened_paths() as (paths, now):
            path, changed = await paths.change(await paths.named(name), lambda path: decide(path, now))
        return _told(path, now, what if changed else f"{what} already", as_json=as_json)

    return run(work())


def _told(path: Path, now: datetime, what: str, *, as_json: bool) -> ExitCode:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import print_json, print_line
    from queuebit_domain.paths.report import name_of
    from queuebit_operations.paths.telling import document_of

    if as_json:
        print_json(document_of(path, now, 0))
    else:
        percent = f" {path.percent} %" if path.percent else ""
        print_line(
            f"{name_of(path.registered.key)} {what}: {path.stage}{percent}, answers {path.answers} % of its cohort."
        )
    return ExitCode.OK
