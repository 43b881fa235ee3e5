"""What people say to plans that wait for them: flags here, what they do in `deciding.py`."""

from __future__ import annotations

from typing import Annotated

import typer

from queuebit_client.cli import options as o

Job = Annotated[str, typer.Argument(metavar="JOB", help="The id of the job whose plan waits.")]
Digest = Annotated[
    str | None, typer.Option("--digest", metavar="DIGEST", help="What is decided on: at least 8 characters of it.")
]


def waiting(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    as_json: o.Json = False,
) -> int:
    """List the plans of your jobs that wait for people: why, until when, and what is done then."""
    from queuebit_client.cli import deciding

    return deciding.waiting(context.obj, limit, as_json=as_json)


def approve(
    context: typer.Context,
    job: Job,
    digest: Digest = None,
    reason: Annotated[str, typer.Option(help="For the record.")] = "",
    as_json: o.Json = False,
) -> int:
    """Allow a plan, which --digest names; you hold the role that it waits for, and did not ask for the job yourself.

    Exit 2: no digest is given; the plan and its digest are told. 3: nothing waits. 4: it waits for others. 6: what waits is
    another plan by now.
    """
    from queuebit_client.cli import deciding

    return deciding.decide(context.obj, job, digest, reason, grant=True, as_json=as_json)


def deny(
    context: typer.Context,
    job: Job,
    reason: Annotated[str, typer.Option(help="For the record.")],
    digest: Digest = None,
    as_json: o.Json = False,
) -> int:
    """Refuse a plan, which --digest names: its job is cancelled, with your name and reason. Exit codes as with `approve`."""
    from queuebit_client.cli import deciding

    return deciding.decide(context.obj, job, digest, reason, grant=False, as_json=as_json)


VERBS = (waiting, approve, deny)
