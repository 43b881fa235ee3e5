"""`queuebit jobs`: what came of jobs, looked at closely. Flags here, what they do in `results.py`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from queuebit_client.cli import options as o

NAME = "jobs"


class Way(StrEnum):
    """As what a job is exported."""

    REQUEST = "request.json"
    PYTHON = "python"
    CI = "ci"


Job = Annotated[str, typer.Argument(metavar="JOB", help="The job id.")]
Plot = Annotated[str | None, typer.Option(metavar="FILE.svg", help="Draw it into this file as well.")]


def group() -> typer.Typer:
    """The group with its verbs."""
    jobs = typer.Typer(help="Look closely at what came of jobs.", no_args_is_help=True, rich_markup_mode=None)
    jobs.command("histogram")(histogram)
    jobs.command("diff")(diff)
    jobs.command("artifacts")(artifacts)
    return jobs


def histogram(
    context: typer.Context,
    job: Job,
    top: Annotated[int, typer.Option(min=1, max=1000, help="So many outcomes, the most frequent first.")] = 16,
    plot: Plot = None,
    as_json: o.Json = False,
) -> int:
    """Show the outcomes of a circuit, the share of each with its 95 % interval (Wilson)."""
    from queuebit_client.cli import results

    return results.histogram(context.obj, job, top=top, plot=plot, as_json=as_json)


def diff(
    context: typer.Context,
    one: Annotated[str, typer.Argument(metavar="A", help="A job id.")],
    other: Annotated[str, typer.Argument(metavar="B", help="Another.")],
    plot: Plot = None,
    as_json: o.Json = False,
) -> int:
    """Compare two runs: distance of their outcomes with its interval, depth, gates, calibration, packages and cost."""
    from queuebit_client.cli import results

    return results.diff(context.obj, one, other, plot=plot, as_json=as_json)


def artifacts(
    context: typer.Context,
    job: Job,
    fetch: Annotated[str | None, typer.Option(metavar="NAME", help="Fetch this one, by its name or its hash.")] = None,
    out: Annotated[str | None, typer.Option(metavar="FILE", help="Write it there; else to standard output.")] = None,
    as_json: o.Json = False,
) -> int:
    """List what is kept of a job: circuits as asked for and as they ran, raw results, and every word of the provider.

    Kept are attempts that are paid for, and those of jobs that say artifacts=true. Exit 3: nothing is kept as NAME.
    """
    from queuebit_client.cli import artifacts as kept

    return kept.artifacts(context.obj, job, fetch=fetch, out=out, as_json=as_json)


def export(
    context: typer.Context,
    job: Job,
    way: Annotated[
        Way, typer.Option("--as", help="The request, a program in Python, or a shell step for a pipeline.")
    ] = (Way.REQUEST),
    out: Annotated[str | None, typer.Option(metavar="FILE", help="Write it there; else to standard output.")] = None,
) -> int:
    """Export what a job asked, to ask it anew: from a notebook into a pipeline.

    queuebit export JOB --as request.json | queuebit submit - --wait asks it once more. No key is part of it.
    """
    from queuebit_client.cli import results

    return results.export(context.obj, job, way=way.value, out=out)
