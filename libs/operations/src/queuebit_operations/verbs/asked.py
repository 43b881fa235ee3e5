"""`queuebit ops backlog`, `usage` and `jobs list`: what is asked of the projections."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from collections.abc import Sequence

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.projections.reading import JobQuestion

_Tenant = Annotated[str | None, typer.Option("--tenant", help="Only of this tenant.")]
_Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many rows.")]
BY = ("tenant", "kind")


def add(ops: Groups) -> None:
    """Add the verbs."""
    ops.app.command("backlog")(backlog)
    ops.app.command("usage")(usage)
    ops.group("jobs").command("list")(job_list)


def backlog(
    tenant: _Tenant = None,
    by: Annotated[list[str] | None, typer.Option("--by", help="Also by tenant or kind; repeatable.")] = None,
    as_json: o.Json = False,
) -> int:
    """Show the jobs that have not ended, by state, lane and tier: how many, and for how long the one that is there longest.

    From the projection `backlog`, which is about a second behind, and more under load: the last line says how far.
    """
    from queuebit_operations.errors import BadArgument
    from queuebit_operations.running import run

    async def work() -> ExitCode:
        import os

        from queuebit_client.cli.exit_codes import ExitCode
        from queuebit_client.cli.output import print_json, show_table
        from queuebit_operations.connections.store import postgres_settings
        from queuebit_operations.projections.reading import opened_reading

        more = list(dict.fromkeys(by or ()))
        if unknown := [each for each in more if each not in BY]:
            raise BadArgument(f"--by {unknown[0]} is not known.", remedy=f"Use one of: {', '.join(BY)}.")
        async with opened_reading(postgres_settings(os.environ)) as reading:
            found = await reading.backlog(tenant, more)
            now = await reading.now()
        rows = [
            {
                **{name: each[name] for name in ("state", "lane", "tier", *more)},
                "jobs": each["jobs"],
                "longest_there_s": round((now - each["longest_there"]).total_seconds(), 1),
                "oldest_s": round((now - each["oldest"]).total_seconds(), 1),
            }
            for each in found
        ]
        behind = await _behind("backlog")
        if as_json:
            print_json({"open": sum(each["jobs"] for each in rows), "groups": rows, **behind})
            return ExitCode.OK
        columns = ["state", "lane", "tier", *more, "jobs", "longest there", "oldest"]
        show_table(
            "",
            columns,
            [[*list(each.values())[:-2], _span(each["longest_there_s"]), _span(each["oldest_s"])] for each in rows],
        )
        _say(f"{sum(each['jobs'] for each in rows)} jobs are open", behind)
        return ExitCode.OK

    return run(work())


def usage(
    tenant: _Tenant = None,
    days: Annotated[int, typer.Option("--days", min=1, max=3660, help="Of so many days, today included, in UTC.")] = 7,
    limit: _Limit = 1000,
    as_json: o.Json = False,
) -> int:
    """Show what tenants used on each day: jobs by outcome, executions, shots, cost by currency, seconds by lane.

    A job counts as submitted on the day on which it was, and as ended on the day on which it did; what an attempt used counts
    on the day on which it was told.
    """
    from queuebit_operations.running import run

    async def work() -> ExitCode:
        import os

        from queuebit_client.cli.exit_codes import ExitCode
        from queuebit_client.cli.output import print_json, show_table
        from queuebit_operations.connections.store import postgres_settings
        from queuebit_operations.projections.reading import opened_reading

        async with opened_reading(postgres_settings(os.environ)) as reading:
            after = (await reading.now()).date() - timedelta(days=days)
            found = await reading.usage(tenant, after, limit)
        rows = [{**each, "day": each["day"].isoformat(), "shots": int(each["shots"])} for each in found]
        behind = await _behind("usage")
        if as_json:
            print_json({"days": rows, **behind})
            return ExitCode.OK
        show_table(
            "",
            ["day", "tenant", "jobs", "executions", "shots", "cost", "seconds by lane"],
            [
                [each["day"], each["tenant"], _pairs(each["jobs"]), _pairs(each["executions"]), each["shots"],
                 _pairs(each["cost"]), _pairs(each["lane_s"])]
                for each in rows
            ],
        )  # fmt: skip
        _say(f"{len(rows)} days of tenants", behind)
        return ExitCode.OK

    return run(work())


def job_list(
    tenant: _Tenant = None,
    state: Annotated[list[str] | None, typer.Option("--state", help="Only jobs in this state; repeatable.")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="Only of this kind of problem.")] = None,
    lane: Annotated[
        str | None, typer.Option("--lane", help="Only on this lane: the one that answered, or was wished for.")
    ] = None,
    backend: Annotated[str | None, typer.Option("--backend", help="Only those that this backend answered.")] = None,
    code: Annotated[str | None, typer.Option("--code", help="Only those that failed or were rejected so.")] = None,
    label: Annotated[
        list[str] | None, typer.Option("--label", metavar="NAME=VALUE", help="With this label; repeatable.")
    ] = None,
    since: o.Since = None,
    until: o.TimeUntil = None,
    order: Annotated[
        str, typer.Option("--order", help="By submitted, updated, seconds or cost, the largest first.")
    ] = "submitted",
    limit: _Limit = 50,
    as_json: o.Json = False,
) -> int:
    """List jobs over all tenants by what their heads do not know: labels, backend, why they failed, and by cost or seconds.

    From the projection `job_list`; the times are those of the submission.
    """
    from queuebit_operations.projections.reading import JobQuestion
    from queuebit_operations.running import run

    async def work() -> ExitCode:
        pairs = _labels(label or ())
        times = (o.in_utc(since), o.in_utc(until))
        asked = JobQuestion(tenant, state or None, kind, lane, backend, code, pairs, *times, order, limit)
        return await _list_jobs(asked, as_json=as_json)

    return run(work())


async def _list_jobs(asked: JobQuestion, *, as_json: bool) -> ExitCode:
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import print_json, show_table
    from queuebit_operations.connections.store import postgres_settings
    from queuebit_operations.errors import BadArgument
    from queuebit_operations.projections.reading import ORDERS, opened_reading

    if asked.order not in ORDERS:
        raise BadArgument(f"--order {asked.order} is not known.", remedy=f"Use one of: {', '.join(ORDERS)}.")
    async with opened_reading(postgres_settings(os.environ)) as reading:
        found = await reading.job_list(asked)
    rows = [{name: _plain(value) for name, value in each.items()} for each in found]
    behind = await _behind("job_list")
    if as_json:
        print_json({"jobs": rows, **behind})
        return ExitCode.OK
    columns = [
        "job_id",
        "tenant",
        "state",
        "kind",
        "lane",
        "backend",
        "submitted_at",
        "seconds",
        "cost",
        "code",
        "labels",
    ]
    cells = [
        [each["job_id"], each["tenant"], each["state"], each["kind"], each["lane"], each["backend"],
         each["submitted_at"][:19], f"{each['wall_s']:.3f}", _pairs(each["cost"]), each["code"], _pairs(each["labels"])]
        for each in rows
    ]  # fmt: skip
    show_table("", columns, cells)
    _say(f"{len(rows)} jobs", behind)
    return ExitCode.OK


def _labels(texts: Sequence[str]) -> dict[str, str]:
    from queuebit_operations.errors import BadArgument

    pairs = [each.partition("=") for each in texts]
    if wrong := next((name for name, sign, _ in pairs if not sign), None):
        raise BadArgument(f"--label {wrong} has no value.", remedy="Such as --label team=red")
    return {name: value for name, _, value in pairs}


async def _behind(name: str) -> dict[str, Any]:
    """How far the live build is behind the events."""
    import os

    from queuebit_contracts.streams import PUBLISHED
    from queuebit_operations.connections.store import opened_store
    from queuebit_operations.projections.building import live_of

    async with opened_store(os.environ) as store:
        build = live_of(await store.builds(), name)
        if build is None:
            return {"behind": None}
        waits = await store.backlog(build.lease, count_max=100_000, categories=PUBLISHED)
    return {
        "behind": waits.count,
        "behind_s": waits.oldest_age_s,
        "counts_from": build.counts_from.isoformat() if build.counts_from else None,
    }


def _say(what: str, behind: dict[str, Any]) -> None:
    from queuebit_client.cli.output import note

    waits = behind["behind"]
    late = f"; {waits} events are not in it yet, the oldest for {behind['behind_s'] or 0:.0f} s" if waits else ""
    since = f"; without what began before {behind['counts_from'][:10]}" if behind.get("counts_from") else ""
    note(f"{what}{late}{since}.")


def _plain(value: Any) -> Any:
    from decimal import Decimal
    from uuid import UUID

    match value:
        case datetime():
            return value.isoformat()
        case UUID():
            return str(value)
        case Decimal():
            return float(value)
        case _:
            return value


def _pairs(counts: dict[str, Any]) -> str:
    return ", ".join(f"{value} {name}" for name, value in counts.items())


def _span(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
