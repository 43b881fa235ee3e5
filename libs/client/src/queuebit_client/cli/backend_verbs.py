"""`queuebit backends`: flags here, what they do in `backends.py`, which is imported when a command runs."""

from __future__ import annotations

from typing import Annotated

import typer

from queuebit_client.cli import options as o

NAME = "backends"
_HELP = (
    "The devices and simulators behind the server: what each can do, how it is, how long its queue is. A report that is older"
    " than five minutes is called stale: then nobody knows how the backend is now."
)


def group() -> typer.Typer:
    """The group with its verbs."""
    backends = typer.Typer(help=_HELP, no_args_is_help=True, rich_markup_mode=None)
    backends.command("list")(list_backends)
    backends.command("show")(show)
    backends.command("compare")(compare)
    backends.command("report")(report)
    return backends


def list_backends(
    context: typer.Context,
    lane: Annotated[str | None, typer.Option(help="Only backends of this lane.")] = None,
    as_json: o.Json = False,
) -> int:
    """List the backends: state, queue, age of the calibration, expected wait."""
    from queuebit_client.cli import backends

    return backends.list_backends(context.obj, lane=lane, as_json=as_json)


def show(
    context: typer.Context,
    backend: Annotated[str, typer.Argument(metavar="BACKEND", help="The name of the backend.")],
    as_json: o.Json = False,
) -> int:
    """Show all that is known of one backend."""
    from queuebit_client.cli import backends

    return backends.compare(context.obj, [backend], as_json=as_json)


def compare(
    context: typer.Context,
    backend: Annotated[
        list[str] | None, typer.Argument(metavar="[BACKEND]…", help="Their names; without any, all of them.")
    ] = None,
    as_json: o.Json = False,
) -> int:
    """Set backends side by side, a row a property: also whether a lost answer can be reconciled."""
    from queuebit_client.cli import backends

    return backends.compare(context.obj, backend or [], as_json=as_json)


def report(
    context: typer.Context,
    kind: Annotated[list[str] | None, typer.Option(help="Only jobs of this kind; repeatable.")] = None,
    file: Annotated[
        list[str] | None,
        typer.Option("--file", metavar="FILE", help="Also what --json printed of jobs; - for standard input."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Look at so many of the newest jobs.")] = 200,
    as_json: o.Json = False,
) -> int:
    """Report what each backend brought, for whoever is to buy: what it can, how long one waits, how often its answers were
    accepted and chosen, how good they were beside a placebo, and what an accepted answer cost.
    """
    from queuebit_client.cli import backend_report

    return backend_report.report(context.obj, kind or [], file or [], limit, as_json=as_json)
