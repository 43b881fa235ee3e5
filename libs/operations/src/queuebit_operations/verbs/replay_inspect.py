"""`queuebit ops replay inspect`: the state of a job after each of its events, what changed, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.inspection.story import Step, Until

EVENTS_MAX = 100_000
"""More events than any job can have: the bound of one read."""


def add(ops: Groups) -> None:
    """Add the verb."""
    ops.group("replay").command("inspect")(inspect)


def inspect(
    job: o.Job,
    version: Annotated[int | None, typer.Option(min=1, help="Up to this version, and the whole state there.")] = None,
    at: o.At = None,
    as_json: o.Json = False,
) -> int:
    """Show the state of a job after each event, what the event changed and why.

    Exit 0: the story makes sense. 1: an event is missing or cannot be folded. 3: there is no such job.
    """
    from queuebit_operations.inspection.story import Until
    from queuebit_operations.running import run

    return run(_inspect(job, Until(version, o.in_utc(at)), as_json=as_json))


async def _inspect(job: UUID, until: Until, *, as_json: bool) -> ExitCode:
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import print_json
    from queuebit_operations.connections.store import opened_store
    from queuebit_operations.errors import NotThere
    from queuebit_operations.exit_codes import FOUND
    from queuebit_operations.inspection.story import story_of

    async with opened_store(os.environ) as store:
        events = await store.events_of(job, limit=EVENTS_MAX)
    told = [step for step in story_of(events) if until.includes(step.event)]
    if not told:
        raise NotThere(
            f"There is no event of the job {job}" + (" so early." if events else "."),
            remedy="Check the id and QUEUEBIT_NAMESPACE; --at takes a later time." if events else "Check the id.",
        )
    if as_json:
        print_json({"job_id": str(job), "tenant": told[0].event.tenant, "steps": [step.document() for step in told]})
    else:
        _print(told, whole=until.version is not None or until.at is not None)
    return ExitCode.OK if all(step.problem is None for step in told) else FOUND


def _print(told: list[Step], *, whole: bool) -> None:
    import json

    from queuebit_client.cli.output import print_line

    for step in told:
        event = step.event
        state = "?" if step.state is None else step.state["state"]
        print_line(f"{event.version:>4}  {event.time.isoformat(timespec='milliseconds')}  {event.type:<20} -> {state}")
        if event.causation_id is not None:
            print_line(f"      caused by {event.causation_id}")
        for reason in step.reasons:
            print_line(f"      because {reason}")
        for change in step.changes:
            print_line(f"      {change.path}: {_short(change.before)} -> {_short(change.after)}")
        if step.problem is not None:
            print_line(f"      PROBLEM {step.problem}")
    if whole and told[-1].state is not None:
        print_line(json.dumps(told[-1].state, indent=2, ensure_ascii=False))


def _short(value: object) -> str:
    import json

    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else text[:117] + "..."
