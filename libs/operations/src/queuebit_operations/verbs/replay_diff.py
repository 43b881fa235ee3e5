"""`queuebit ops replay diff`: what today's code makes of the events, against what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.inspection.diff import Difference
    from queuebit_operations.scan.port import Selection


def add(ops: Groups) -> None:
    """Add the verb."""
    ops.group("replay").command("diff")(diff)


def diff(
    job: o.Jobs = None,
    tenant: o.Tenants = None,
    type_: o.Types = None,
    since: o.Since = None,
    until: o.TimeUntil = None,
    limit: Annotated[int, typer.Option(min=1, help="Show at most so many differences; all are counted.")] = 100,
    as_json: o.Json = False,
) -> int:
    """Fold the selected jobs with the code that is installed here, and compare with what is stored.

    Before an upgrade, run it with the new version: what it shows is what the upgrade would change. Nothing is written.
    Exit 0: no difference. 1: there are some.
    """
    from queuebit_operations.running import run

    return run(_diff(o.selection(job, tenant, type_, since, until), limit, as_json=as_json))


async def _diff(selection: Selection, limit: int, *, as_json: bool) -> ExitCode:
    import os
    from collections import Counter

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import print_json
    from queuebit_operations.connections.progress import Progress
    from queuebit_operations.connections.store import postgres_settings
    from queuebit_operations.errors import NotThere
    from queuebit_operations.exit_codes import FOUND
    from queuebit_operations.inspection.diff import differences_of
    from queuebit_operations.scan.postgres import opened_scan
    from queuebit_runtime.clock import SystemClock

    jobs = differing = 0
    shown: list[Difference] = []
    by_name: Counter[str] = Counter()
    progress: Progress[int] = Progress(SystemClock(), lambda count: f"{count} jobs")
    async with opened_scan(postgres_settings(os.environ)) as scan:
        async for page in scan.streams(selection):
            for stream in page:
                found = list(differences_of(stream))
                jobs += 1
                differing += bool(found)
                by_name.update(each.name for each in found)
                shown += found[: max(0, limit - len(shown))]
            progress.tell(jobs)
    progress.end()
    if not jobs:
        raise NotThere(f"No job is selected by {selection.words()}.", remedy="Check the flags and QUEUEBIT_NAMESPACE.")
    if as_json:
        counts = {"jobs": jobs, "differing": differing, "by_name": dict(by_name)}
        print_json({**counts, "differences": [each.document() for each in shown]})
    else:
        _print(jobs, differing, by_name.total(), shown)
    return FOUND if differing else ExitCode.OK


def _print(jobs: int, differing: int, total: int, shown: list[Difference]) -> None:
    from queuebit_client.cli.output import print_line

    for each in shown:
        print_line(f"{each.job_id}  {each.name}: stored {each.stored!r}, folded {each.folded!r}")
    if total > len(shown):
        print_line(f"… and {total - len(shown)} more; --limit shows them.")
    print_line(f"{differing} of {jobs} jobs differ.")
