"""`queuebit ops jobs invalidate`, `rerun`, `cancel` and `recall`: what is done to many jobs at once."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import acting as a
from queuebit_operations.verbs import bulk as b
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode

_TIMES = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]
Jobs = Annotated[
    list[UUID] | None, typer.Argument(metavar="[JOB]...", help="These jobs; absent, those that the flags name.")
]
_Backend = Annotated[str | None, typer.Option("--backend", help="Answered by this backend.")]
_Version = Annotated[str | None, typer.Option("--solver-version", help="Answered by this version of the backend.")]
_Calibrated = Annotated[
    str | None, typer.Option("--calibrated-at", help="Answered under the calibration of this time.", metavar="TIME")
]
Since = Annotated[datetime | None, typer.Option("--since", formats=_TIMES, help="From this time on.", metavar="TIME")]
Until = Annotated[datetime | None, typer.Option("--until", formats=_TIMES, help="Before this time.", metavar="TIME")]
Tenant = Annotated[str | None, typer.Option("--tenant", help="Of this tenant.")]
Kind = Annotated[str | None, typer.Option("--kind", help="Of this kind of problem.")]
_ToBackend = Annotated[
    str | None, typer.Option("--to-backend", help="Ask again on this backend of the lane, and on no other.")
]
_Lane = Annotated[str | None, typer.Option("--lane", help="Ask again on this lane, not on that of before.")]


def add(ops: Groups) -> None:
    """Add the verbs."""
    group = ops.group("jobs")
    group.command("invalidate")(invalidate)
    group.command("rerun")(rerun)
    group.command("cancel")(cancel)
    group.command("recall")(recall)


def invalidate(
    jobs: Jobs = None,
    backend: _Backend = None,
    solver_version: _Version = None,
    calibrated_at: _Calibrated = None,
    since: Since = None,
    until: Until = None,
    tenant: Tenant = None,
    kind: Kind = None,
    requeue: Annotated[bool, typer.Option("--requeue", help="Ask the same again, as a job of its own.")] = False,
    lane: _Lane = None,
    to_backend: _ToBackend = None,
    apply: b.Apply = False,
    reason: b.Reason = None,
    rate: a.Rate = None,
    limit: b.Limit = None,
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Mark the answers of completed jobs as suspect, by what gave them and when.

    Each job is told of on the topic jobs.invalidated, and shows it from then on; its answer is kept.
    """
    from queuebit_operations.choosing.port import AnsweredBy
    from queuebit_operations.jobs.acting import INVALIDATE
    from queuebit_operations.running import run

    wanted = AnsweredBy(backend, solver_version, calibrated_at, o.in_utc(since), o.in_utc(until), tenant, kind)
    more = {"requeue": "yes" if requeue else None, "lane": lane, "to_backend": to_backend}
    return run(_answered(INVALIDATE, jobs, wanted, more, apply, reason, rate, limit, actor, as_json))


def rerun(
    jobs: Jobs = None,
    backend: _Backend = None,
    solver_version: _Version = None,
    calibrated_at: _Calibrated = None,
    since: Since = None,
    until: Until = None,
    tenant: Tenant = None,
    kind: Kind = None,
    suspect: Annotated[bool, typer.Option("--suspect", help="Only those that were invalidated.")] = False,
    lane: _Lane = None,
    to_backend: _ToBackend = None,
    apply: b.Apply = False,
    reason: b.Reason = None,
    rate: a.Rate = None,
    limit: b.Limit = None,
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Ask the very same again, each as a job of its own: the same problem, parameters and seed; on the same lane and backend or
    on others.

    What is held waits as always. See what came of it with: queuebit ops jobs compare --operation OPERATION
    """
    from queuebit_operations.choosing.port import AnsweredBy
    from queuebit_operations.jobs.acting import RERUN
    from queuebit_operations.running import run

    wanted = AnsweredBy(
        backend, solver_version, calibrated_at, o.in_utc(since), o.in_utc(until), tenant, kind, suspect=suspect
    )
    more = {"lane": lane, "to_backend": to_backend}
    return run(_answered(RERUN, jobs, wanted, more, apply, reason, rate, limit, actor, as_json))


def cancel(
    jobs: Jobs = None,
    state: Annotated[str | None, typer.Option("--state", help="In this state, such as held.")] = None,
    since: Since = None,
    until: Until = None,
    tenant: Tenant = None,
    kind: Kind = None,
    tier: Annotated[str | None, typer.Option("--tier", help="Of this tier.")] = None,
    apply: b.Apply = False,
    reason: b.Reason = None,
    rate: a.Rate = None,
    limit: b.Limit = None,
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Cancel jobs that have not ended, by where they stand. Whoever works for one is told to stop."""
    from queuebit_operations.choosing.port import Standing
    from queuebit_operations.jobs.acting import CANCEL
    from queuebit_operations.running import run

    wanted = Standing(state, tenant, kind, tier, o.in_utc(since), o.in_utc(until))
    return run(standing(CANCEL, jobs, wanted, apply, reason, rate, limit, actor, as_json))


def recall(
    jobs: Jobs = None,
    since: Since = None,
    until: Until = None,
    tenant: Tenant = None,
    kind: Kind = None,
    tier: Annotated[str | None, typer.Option("--tier", help="Of this tier.")] = None,
    apply: b.Apply = False,
    reason: b.Reason = None,
    rate: a.Rate = None,
    limit: b.Limit = None,
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Take back work that is out and was not begun, where a hold would stop it now: it waits behind that hold.

    Pause or quarantine first. A hold on a backend takes back what is out on its lane where the lane has no other. Whoever
    takes such an order up meanwhile is told to stop.
    """
    from queuebit_operations.choosing.port import Standing
    from queuebit_operations.jobs.acting import RECALL
    from queuebit_operations.running import run

    wanted = Standing("queued", tenant, kind, tier, o.in_utc(since), o.in_utc(until))
    return run(standing(RECALL, jobs, wanted, apply, reason, rate, limit, actor, as_json))


async def standing(
    verb: str,
    jobs: list[UUID] | None,
    wanted: object,
    apply: bool,
    reason: str | None,
    rate: float | None,
    limit: int | None,
    actor: str | None,
    as_json: bool,
    more: dict[str, str] | None = None,
) -> ExitCode:
    import os

    from queuebit_contracts.jobs import TIERS
    from queuebit_operations.choosing.port import Standing
    from queuebit_operations.choosing.postgres import OPEN_STATES, opened_choosing
    from queuebit_operations.connections.store import postgres_settings
    from queuebit_operations.errors import BadArgument
    from queuebit_operations.jobs.acting import RECALL, REPRIORITISE, REROUTE

    assert isinstance(wanted, Standing)
    b.need_reason(apply=apply, reason=reason)
    if wanted.state is not None and wanted.state not in OPEN_STATES:
        raise BadArgument(f"--state {wanted.state!r} is none of: {', '.join(OPEN_STATES)}.", remedy="See --help.")
    if wanted.tier is not None and wanted.tier not in TIERS:
        raise BadArgument(f"--tier {wanted.tier!r} is none of: {', '.join(TIERS)}.", remedy="See --help.")
    plain = Standing({RECALL: "queued", REPRIORITISE: "held", REROUTE: "held"}.get(verb))
    targets = _named(jobs, flags=wanted != plain, needed=verb != RECALL)
    if not targets:
        async with opened_choosing(postgres_settings(os.environ)) as choosing:
            targets = await choosing.standing(wanted)
    given = {
        "state": wanted.state,
        "tenant": wanted.tenant,
        "kind": wanted.kind,
        "tier": wanted.tier,
        **_times(wanted.since, wanted.until),
        **(more or {}),
    }
    return await b.freeze_and_act(
        verb, given, targets, apply=apply, reason=reason, rate=rate, limit=limit, actor=actor, as_json=as_json
    )


async def _answered(
    verb: str,
    jobs: list[UUID] | None,
    wanted: object,
    more: dict[str, str | None],
    apply: bool,
    reason: str | None,
    rate: float | None,
    limit: int | None,
    actor: str | None,
    as_json: bool,
) -> ExitCode:
    import os

    from queuebit_contracts.jobs import LANES
    from queuebit_operations.choosing.port import AnsweredBy
    from queuebit_operations.choosing.postgres import opened_choosing
    from queuebit_operations.connections.store import postgres_settings
    from queuebit_operations.errors import BadArgument
    from queuebit_operations.jobs.acting import INVALIDATE

    assert isinstance(wanted, AnsweredBy)
    b.need_reason(apply=apply, reason=reason)
    lane = more.get("lane")
    if lane is not None and lane not in (*LANES, "auto"):
        raise BadArgument(f"--lane {lane!r} is none of: auto, {', '.join(LANES)}.", remedy="See --help.")
    if verb == INVALIDATE and more.get("requeue") is None and (lane or more.get("to_backend")):
        raise BadArgument("--lane and --to-backend say how it is asked again.", remedy="Say --requeue too.")
    targets = _named(jobs, flags=wanted != AnsweredBy())
    if not targets:
        async with opened_choosing(postgres_settings(os.environ)) as choosing:
            targets = await choosing.answered(wanted)
    given = {
        "backend": wanted.backend,
        "solver_version": wanted.version,
        "calibrated_at": wanted.calibrated_at,
        "tenant": wanted.tenant,
        "kind": wanted.kind,
        "suspect": "yes" if wanted.suspect else None,
        **_times(wanted.since, wanted.until),
        **more,
    }
    return await b.freeze_and_act(
        verb, given, targets, apply=apply, reason=reason, rate=rate, limit=limit, actor=actor, as_json=as_json
    )


def _named(jobs: list[UUID] | None, *, flags: bool, needed: bool = True) -> list[UUID]:
    """The jobs that were named by their ids, each once; none where flags choose them, or where the verb itself does (then
    neither is `needed`). Raises BadArgument for both: which was meant is not known.
    """
    from queuebit_operations.errors import BadArgument

    if needed and not jobs and not flags:
        raise BadArgument(
            "No job is named.", remedy="Name jobs by their ids, or by flags such as --backend and --since."
        )
    if jobs and flags:
        raise BadArgument("Jobs are named by their ids and by flags.", remedy="Give the ids, or the flags.")
    return list(dict.fromkeys(jobs or ()))


def _times(since: datetime | None, until: datetime | None) -> dict[str, str | None]:
    return {name: at.isoformat() if at else None for name, at in (("since", since), ("until", until))}
