"""`queuebit ops dlq list`: the dead letters, one a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

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
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import note, print_json, print_line
    from queuebit_operations.dead_letters.reading import checked_groups
    from queuebit_operations.exit_codes import FOUND

    async with d.opened_reader() as reader:
        boxes = await reader.boxes(checked_groups(groups))
    found = [each for box in boxes.values() for each in box if chosen.includes(each)]
    found.sort(key=lambda each: (each.letter.failed_at, each.id))
    shown = found[-limit:]
    if as_json:
        print_json({"total": len(found), "letters": [each.document() for each in shown]})
    else:
        for each in shown:
            letter = each.letter
            job = letter.named("ce_subject") or "-"
            when = letter.failed_at[:19]
            line = f"{each.id:<34} {each.state:<11} {when:<19} {letter.fingerprint:<12} {letter.code:<20} {job}"
            print_line(line)
        note(f"{len(shown)} of {len(found)} dead letters.")
    return FOUND if any(each.open for each in found) else ExitCode.OK
