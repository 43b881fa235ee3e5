"""What is accounted for: flags here, what they do in `trail.py`, which is imported when a command runs."""

from __future__ import annotations

from typing import Annotated

import typer

from queuebit_client.cli import options as o


def trail(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    action: Annotated[list[str] | None, typer.Option(help="Only these deeds, such as key.revoke; repeatable.")] = None,
    as_json: o.Json = False,
) -> int:
    """List who did what with keys, webhooks and jobs of your tenant, and who had sealed data opened, the latest first."""
    from queuebit_client.cli import trail as shown

    return shown.trail(context.obj, limit, action or [], as_json=as_json)


def reveal(
    context: typer.Context,
    job: Annotated[str, typer.Argument(metavar="JOB", help="The id of the job.")],
    reason: Annotated[str, typer.Option(help="Why: it stands in the trail before you see anything.")],
) -> int:
    """Show a job with all that is sealed of it opened, as JSON. Everything else masks it."""
    from queuebit_client.cli import trail as shown

    return shown.revealed(context.obj, job, reason)


VERBS = (trail, reveal)
