"""`queuebit ops dlq list`: the dead letters, one a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import dlq_options as d
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.dead_letters.box import Wanted


def add(ops: Groups) -> None:
    """Add the verb."""
    ops.group("dlq").command("list")(list_letters)


def list_letters(
    group: d.Group = None,
    fingerprint: d.Fingerprint = None,
    tenant: d.Tenant = None,
    topic: d.Topic = None,
    job: d.Job = None,
    type_: d.Type = None,
    code: d.Code = None,
    every: Annotated[bool, typer.Option("--all", help="Also those that are redriven, edited or dropped.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 100,
    as_json: o.Json = False,
) -> int:
    """Show the dead letters that are open, the oldest first; never what they hold.

    Exit 0: there is none. 1: there are some.
    """
    from queuebit_operations.running import run

    chosen = d.wanted(None, fingerprint, tenant, topic, job, type_, code, every_state=every)
    return run(_list(group or [], chosen, limit, as_json=as_json))


async def _list(groups: list[str], chosen: Wanted, limit: int, *, as_json: bool) -> ExitCode:
    from heapq import heappush, heapreplace

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import note, print_json, print_line
    from queuebit_operations.dead_letters.reading import checked_groups
    from queuebit_operations.exit_codes import FOUND

    newest: list[tuple[str, str, dict[str, Any]]] = []
    total, some_open = 0, False
    checked = checked_groups(groups)
    async with d.opened_reader() as reader:
        for group in checked:
            async for kept in reader.kept(group):
                if chosen.includes(kept):
                    total += 1
                    some_open |= kept.open
                    row = kept.letter.failed_at, kept.id
                    if len(newest) < limit:
                        heappush(newest, (*row, kept.document()))
                    elif row > newest[0][:2]:
                        heapreplace(newest, (*row, kept.document()))
    shown = [document for _, _, document in sorted(newest, key=lambda row: row[:2])]
    if as_json:
        print_json({"total": total, "letters": shown})
    else:
        for each in shown:
            job, when = each["job_id"] or "-", each["failed_at"][:19]
            line = f"{each['id']:<34} {each['state']:<11} {when:<19} {each['fingerprint']:<12} {each['code']:<20} {job}"
            print_line(line)
        note(f"{len(shown)} of {total} dead letters.")
    return FOUND if some_open else ExitCode.OK
