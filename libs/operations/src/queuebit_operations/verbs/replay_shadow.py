"""`queuebit ops replay shadow`: another version's handlers over what is recorded, and every difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.scan.port import Selection


def add(ops: Groups) -> None:
    """Add the verb."""
    ops.group("replay").command("shadow")(shadow)


def shadow(
    job: o.Jobs = None,
    tenant: o.Tenants = None,
    type_: o.Types = None,
    since: o.Since = None,
    until: o.TimeUntil = None,
    service: Annotated[
        list[str] | None,
        typer.Option(
            "--service",
            metavar="SERVICE",
            help="Whose handlers: control-plane, result-validation, quantum-adapter, classical-solver; repeatable. Absent: all "
            "but the solver, which searches anew and takes as long as it took.",
        ),
    ] = None,
    namespace: Annotated[
        str | None, typer.Option(metavar="replay_NAME", help="The schema and the prefix of the topics of this run.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave schema and topics there to look at.")] = False,
    topics: Annotated[bool, typer.Option("--topics/--no-topics", help="Publish there too what is decided.")] = True,
    limit: Annotated[int, typer.Option(min=1, help="Show at most so many differences; all are counted.")] = 100,
    as_json: o.Json = False,
) -> int:
    """Let the handlers that are installed here handle again what the selected jobs were told.

    Run it from the environment of a release candidate, against production. Each service is given the messages of the record, at
    their recorded moments: the control plane decides again, the validator checks each recorded answer again, the quantum
    adapter goes again through each attempt whose rounds are kept as artifacts, and the solver, where it is named, searches
    again with the same seed and budget. Providers are never asked: their answers are those of the record. No customer is told
    anything. What is decided goes into a schema and topics of its own; every difference is listed with its service and kind.
    Exit 0: the same throughout. 1: there are differences. 3: no job is selected, or a service is not installed here.
    """
    from queuebit_operations.running import run
    from queuebit_runtime.clock import SystemClock
    from queuebit_runtime.ids import SystemIds

    name = namespace or f"replay_{SystemIds(SystemClock()).mint().hex[:20]}"
    selection = o.selection(job, tenant, type_, since, until)
    return run(_shadow(selection, name, service or [], keep=keep, topics=topics, limit=limit, as_json=as_json))


async def _shadow(
    selection: Selection, namespace: str, services: list[str], *, keep: bool, topics: bool, limit: int, as_json: bool
) -> ExitCode:
    import os
    from contextlib import AsyncExitStack

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.connections.bus import opened_bus
    from queuebit_operations.connections.isolated import isolated
    from queuebit_operations.connections.progress import Progress
    from queuebit_operations.connections.store import opened_store, postgres_settings
    from queuebit_operations.errors import NotThere
    from queuebit_operations.exit_codes import FOUND
    from queuebit_operations.records.relayed import RELAYED
    from queuebit_operations.replaying.running import Report, run_shadow
    from queuebit_operations.replaying.services import CONTROL_PLANE, installed_handlers
    from queuebit_operations.scan.postgres import opened_scan
    from queuebit_runtime.clock import SystemClock

    progress: Progress[Report] = Progress(
        SystemClock(), lambda so_far: f"{so_far.jobs} jobs, {so_far.differing} differ"
    )
    handlers = installed_handlers(services)
    decide = not services or CONTROL_PLANE in services
    async with AsyncExitStack() as stack:
        scan = await stack.enter_async_context(opened_scan(postgres_settings(os.environ)))
        env = await stack.enter_async_context(isolated(os.environ, namespace, RELAYED if topics else (), keep=keep))
        store = await stack.enter_async_context(opened_store(env))
        bus = await stack.enter_async_context(opened_bus(env)) if topics else None
        report = await run_shadow(
            scan, selection, store, bus, namespace, handlers, decide=decide, limit=limit, on_progress=progress.tell
        )
    progress.end()
    if not report.jobs:
        raise NotThere(f"No job is selected by {selection.words()}.", remedy="Check the flags and QUEUEBIT_NAMESPACE.")
    _say(report, {"namespace": namespace, "kept": keep}, as_json=as_json)
    return FOUND if report.differing else ExitCode.OK


def _say(report: Any, where: dict[str, Any], *, as_json: bool) -> None:
    from queuebit_client.cli.output import print_json, print_line

    if as_json:
        print_json({**where, **report.document()})
        return
    for each in report.shown:
        what = f"{each.name}{each.path}: {each.recorded!r} -> {each.candidate!r}"
        print_line(f"{each.job_id}  v{each.version} {each.service}, {each.kind}: {what}")
    if report.differences > len(report.shown):
        print_line(f"… and {report.differences - len(report.shown)} more; --limit shows them.")
    print_line(f"{report.differing} of {report.jobs} jobs differ, in {report.differences} places.")
    for kind, count in report.by_kind.most_common():
        print_line(f"    {count} × {kind}")
    for name, counts in report.services.items():
        unknown = f", {counts['not_comparable']} not comparable" if counts["not_comparable"] else ""
        print_line(f"{name}: {counts['handled']} answered again{unknown}.")
    print_line(f"{report.messages} messages gave {report.produced} events; {report.recorded} are recorded.")
    if where["kept"]:
        print_line(f"What was decided is in the namespace {where['namespace']}.")
