"""The flags that verbs share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Job = Annotated[UUID, typer.Argument(metavar="JOB", help="The job id.")]
At = Annotated[
    datetime | None,
    typer.Option(
        metavar="TIME",
        formats=["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"],
        help="A time, such as 2026-11-29T17:00:00Z; without a zone it is UTC.",
    ),
]


def in_utc(at: datetime | None) -> datetime | None:
    """A time of the command line with its zone."""
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at
