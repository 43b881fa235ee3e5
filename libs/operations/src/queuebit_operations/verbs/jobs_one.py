"""`queuebit ops jobs fork`, `compare` and `survey`: go on from a version, two answers side by side, who answers badly."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import acting as a
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.jobs.again import Changes
    from queuebit_operations.jobs.pairs import Pair

SHOWN_MAX = 20


def add(ops: Groups) -> None:
    """Add the verbs."""
    group = ops.group("jobs")
    group.command("fork")(fork)
    group.command("compare")(compare)
    group.command("survey")(survey)


def fork(
    job: o.Job,
    reason: a.Reason,
    at: Annotated[int, typer.Option("--at", min=1, help="Go on from this version.", metavar="N")] = 1,
    lane: Annotated[str | None, typer.Option("--lane", help="The lane to wish for; only --at 1.")] = None,
    tier: Annotated[str | None, typer.Option("--tier", help="The tier; only --at 1.")] = None,
    budget_s: Annotated[float | None, typer.Option("--budget", help="Seconds a leg; only --at 1.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Another seed.")] = None,
    param: Annotated[
        list[str] | None, typer.Option("--param", help="A parameter, such as layers=3; repeat for more.", metavar="K=V")
    ] = None,
    to_backend: Annotated[
        str | None, typer.Option("--to-backend", help="This backend of its lane, and no other.", metavar="BACKEND")
    ] = None,
    deadline: Annotated[
        datetime | None,
        typer.Option("--deadline", formats=o.FORMATS, metavar="TIME", help="Absent: that of its tier."),
    ] = None,
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Make a new job that goes on from a version of another, with something changed, and is linked to it.

    What was over by then is kept and not paid again: answers with their verdicts, failures, fallbacks. What was out is let out
    anew. The plan is kept behind the version it was made at; before, it is made by the policy of today.
    """
    from queuebit_contracts.jobs import BACKEND_PARAM
    from queuebit_operations.jobs.again import Changes
    from queuebit_operations.running import run

    given = {"lane": lane, "tier": tier, "budget_s": budget_s, "seed": seed, "deadline": o.in_utc(deadline)}

    async def work() -> ExitCode:
        params = _params(param or []) | ({BACKEND_PARAM: to_backend} if to_backend else {})
        changes = Changes(**given, params=params)  # type: ignore[arg-type]
        return await _fork(job, at, changes, reason, a.actor_or_user(actor), as_json=as_json)

    return run(work())


def compare(
    jobs: Annotated[
        list[UUID] | None,
        typer.Argument(metavar="[JOB [OTHER]]", help="Two jobs; one alone with the job it was made from."),
    ] = None,
    operation: Annotated[
        UUID | None, typer.Option("--operation", help="All jobs that an operation asked again, each with its first.")
    ] = None,
    as_json: o.Json = False,
) -> int:
    """Compare the answers of jobs with those that ask the same again.

    Samples by their total variation distance with its interval, estimates within their errors, optima by their objectives. What
    was run otherwise is named field by field: backend, calibration, layout, seeds, packages; and whether the second gave the
    very same bit by bit, as a rerun on a simulator does. Exit 1 where an answer is missing yet, or is worse, or where the
    operation has asked nothing again.
    """
    from queuebit_operations.running import run

    return run(_compare(jobs or [], operation, as_json=as_json))


def survey(
    since: Annotated[datetime, typer.Option("--since", formats=o.FORMATS, help="From this time on.", metavar="TIME")],
    until: Annotated[
        datetime | None,
        typer.Option("--until", formats=o.FORMATS, help="Before this time; absent, now.", metavar="TIME"),
    ] = None,
    every_s: Annotated[float, typer.Option("--every", min=0.001, help="The length of a stretch, in seconds.")] = 600.0,
    as_json: o.Json = False,
) -> int:
    """Who answered how well, stretch by stretch: answers, refused, doubted, mean gap to the bound, mean confidence.

    A backend that has gone wrong is the one whose numbers change while those of the others do not.
    """
    from queuebit_operations.running import run

    return run(_survey(since, until, every_s, as_json=as_json))


def _params(given: list[str]) -> dict[str, bool | int | float | str]:
    import json

    from queuebit_operations.errors import BadArgument

    found: dict[str, bool | int | float | str] = {}
    for each in given:
        name, equals, text = each.partition("=")
        if not equals or not name:
            raise BadArgument(f"--param {each!r} is no name=value.", remedy="Write it as layers=3.")
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        found[name] = value if isinstance(value, bool | int | float | str) else text
    return found


async def _fork(job_id: UUID, at: int, changes: Changes, reason: str, actor: str, *, as_json: bool) -> ExitCode:
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import print_json, print_line
    from queuebit_contracts.operators import Parent
    from queuebit_operations.connections.clock import store_time
    from queuebit_operations.connections.store import opened_store
    from queuebit_operations.errors import NotThere
    from queuebit_operations.jobs import again
    from queuebit_operations.jobs.telling import append_of

    parent = Parent(job_id=job_id, version=at, role="fork", actor=actor, reason=reason)
    async with opened_store(os.environ) as store:
        clock = await store_time(store)
        new_id = again.child_id(clock.now(), int.from_bytes(os.urandom(9)))
        stored = (await store.load([job_id])).get(job_id)
        if not stored:
            raise NotThere(f"There is no job {job_id}.", remedy="Check the id and QUEUEBIT_NAMESPACE.")
        events, job = again.fork(stored, at, new_id, clock.now(), parent, changes)
        await store.append([append_of(new_id, stored[0].tenant, 0, events, job, clock, job_id, store.epoch)])
    if as_json:
        print_json({"job": str(new_id), "parent": str(job_id), "at": at, "events": len(events)})
    else:
        print_line(str(new_id))
    return ExitCode.OK


async def _compare(jobs: list[UUID], operation_id: UUID | None, *, as_json: bool) -> ExitCode:
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.connections.store import opened_store
    from queuebit_operations.exit_codes import FOUND
    from queuebit_operations.jobs.pairs import compare_pairs

    async with opened_store(os.environ) as store:
        pairs = await compare_pairs(store, await _pairs_of(store, jobs, operation_id))
    _tell_pairs(pairs, as_json=as_json)
    return ExitCode.OK if pairs and all(pair.fine for pair in pairs) else FOUND


async def _pairs_of(store: object, jobs: list[UUID], operation_id: UUID | None) -> list[tuple[UUID, UUID]]:
    from queuebit_contracts.events import JobSubmitted
    from queuebit_domain.job.codec import read_event
    from queuebit_operations.bulk.store import Operations
    from queuebit_operations.connections.clock import store_time
    from queuebit_operations.connections.store import OperatorStore
    from queuebit_operations.errors import BadArgument, NotThere
    from queuebit_operations.jobs.again import again_id

    assert isinstance(store, OperatorStore)
    if (operation_id is None) == (not jobs) or len(jobs) > 2:
        raise BadArgument("Name one or two jobs, or an --operation.", remedy="See --help.")
    if operation_id is not None:
        operation = await Operations(store, await store_time(store)).load(operation_id)
        return [(UUID(each), again_id(UUID(each), operation_id)) for each in operation.targets[: operation.done]]
    if len(jobs) == 2:
        return [(jobs[0], jobs[1])]
    stored = (await store.load(jobs)).get(jobs[0])
    first = read_event(stored[0]) if stored else None
    if not isinstance(first, JobSubmitted) or first.parent is None:
        raise NotThere(f"The job {jobs[0]} was not made from another.", remedy="Name both jobs.")
    return [(first.parent.job_id, jobs[0])]


def _tell_pairs(pairs: list[Pair], *, as_json: bool) -> None:
    from collections import Counter

    from queuebit_client.cli.output import note, print_json, print_line

    counts = Counter(pair.finding for pair in pairs)
    if as_json:
        rows = [
            {
                "first": str(pair.first),
                "second": str(pair.second),
                "finding": pair.finding,
                "detail": pair.detail,
                "backends": pair.backends,
                "bit_by_bit": pair.repeated,
                "differs": [each._asdict() for each in pair.differs],
            }
            for pair in pairs
        ]
        print_json({"counts": dict(counts), "pairs": rows})
        return
    for pair in [each for each in pairs if each.finding != "same" or len(pairs) == 1][:SHOWN_MAX]:
        print_line(f"{pair.finding:<10} {pair.first} -> {pair.second}: {pair.detail}")
        if pair.repeated:
            print_line("    the very same outcomes, bit by bit")
        for each in pair.differs:
            print_line(f"    {each.path}: {each.first!r} -> {each.second!r}"[:200])
    note(", ".join(f"{count} {name}" for name, count in counts.most_common()) or "There is nothing to compare.")


async def _survey(since: datetime, until: datetime | None, every_s: float, *, as_json: bool) -> ExitCode:
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import note, print_json, show_table
    from queuebit_operations.choosing.postgres import opened_choosing
    from queuebit_operations.connections.store import postgres_settings

    begins = o.in_utc(since)
    assert begins is not None
    async with opened_choosing(postgres_settings(os.environ)) as choosing:
        ends = o.in_utc(until) or await choosing.now() + timedelta(seconds=1)
        found = await choosing.survey(begins, ends, every_s)
    if as_json:
        print_json({"stretches": [{**row._asdict(), "began_at": row.began_at.isoformat()} for row in found]})
        return ExitCode.OK
    columns = ["from", "backend", "version", "answers", "refused", "doubted", "mean gap", "mean confidence"]
    rows = [
        [
            row.began_at.isoformat(timespec="seconds"),
            row.backend,
            row.version,
            row.answers,
            row.refused,
            row.doubted,
            "" if row.mean_gap is None else f"{row.mean_gap:.4f}",
            "" if row.mean_confidence is None else f"{row.mean_confidence:.4f}",
        ]
        for row in found
    ]
    show_table("", columns, rows)
    if not found:
        note("No answer was judged in that time.")
    return ExitCode.OK
