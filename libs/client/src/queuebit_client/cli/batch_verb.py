"""`queuebit batch`: many jobs from lines of JSON. Flags here, what it does in `batches.py`."""

from __future__ import annotations

from typing import Annotated

import typer

from queuebit_client.cli import options as o

Lines = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help="A job a line, as JSON: a problem or a whole request, maybe with its `idempotency_key`; - for standard input.",
    ),
]


def batch(
    context: typer.Context,
    file: Lines,
    lane: o.Lane = None,
    tier: o.Tier = None,
    label: o.Label = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for the end of each; exit 0 only where all are accepted.")
    ] = False,
    timeout_s: Annotated[float | None, typer.Option(help="With --wait: give up after so many seconds.")] = None,
    as_json: o.Json = False,
) -> int:
    """Submit many problems, up to 1,000 a call. Prints what became of each, in order; exit 7 where some were refused.

    A line without a key gets a fresh one, which is told: send failed lines again with theirs, and nothing is asked twice.
    """
    from queuebit_client.cli import batches

    wishes = batches.Wishes(lane, tier, label or [])
    return batches.submit_lines(context.obj, file, wishes, wait=wait, timeout_s=timeout_s, as_json=as_json)
