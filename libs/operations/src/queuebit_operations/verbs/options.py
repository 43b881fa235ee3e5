"""The flags that verbs share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

if TYPE_CHECKING:
    from queuebit_operations.scan.port import Selection

FORMATS = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]
_TIME = "such as 2026-11-29T17:00:00Z; without a zone it is UTC."

Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Job = Annotated[UUID, typer.Argument(metavar="JOB", help="The job id.")]
At = Annotated[datetime | None, typer.Option(metavar="TIME", formats=FORMATS, help=f"A time, {_TIME}")]

UUIDs = list[UUID] | None
Jobs = Annotated[list[UUID] | None, typer.Option("--job", metavar="JOB", help="Only this job; repeatable.")]
Tenants = Annotated[list[str] | None, typer.Option("--tenant", help="Only jobs of this tenant; repeatable.")]
Types = Annotated[
    list[str] | None,
    typer.Option("--type", metavar="EVENT", help="Only jobs with such an event, as JobFailed; repeatable."),
]
Since = Annotated[
    datetime | None, typer.Option(metavar="TIME", formats=FORMATS, help=f"Only what happened at or after, {_TIME}")
]
TimeUntil = Annotated[
    datetime | None,
    typer.Option("--until", metavar="TIME", formats=FORMATS, help=f"Only what happened before, {_TIME}"),
]


def in_utc(at: datetime | None) -> datetime | None:
    """A time of the command line with its zone."""
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at


def selection(
    jobs: list[UUID] | None,
    tenants: list[str] | None,
    types: list[str] | None,
    since: datetime | None,
    until: datetime | None,
) -> Selection:
    """What the flags select."""
    from queuebit_operations.scan.port import Selection

    return Selection(tuple(jobs or ()), tuple(tenants or ()), tuple(types or ()), in_utc(since), in_utc(until))
