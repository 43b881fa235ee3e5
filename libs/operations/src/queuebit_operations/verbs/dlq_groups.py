"""`queuebit ops dlq groups`: dead letters by what is wrong with them."""

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
    ops.group("dlq").command("groups")(groups)


def groups(
    group: d.Group = None,
    tenant: d.Tenant = None,
    topic: d.Topic = None,
    every: Annotated[bool, typer.Option("--all", help="Also those that are redriven, edited or dropped.")] = False,
    as_json: o.Json = False,
) -> int:
    """Show how the open dead letters fail: one line for each error type and the function of ours that it came through.

    Exit 0: there is none. 1: there are some.
    """
    from queuebit_operations.running import run

    return run(_groups(group or [], d.wanted(None, None, tenant, topic, every_state=every), as_json=as_json))


async def _groups(named: list[str], chosen: Wanted, *, as_json: bool) -> ExitCode:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import note, print_json, print_line
    from queuebit_operations.dead_letters.grouping import Grouping
    from queuebit_operations.dead_letters.reading import checked_groups
    from queuebit_operations.exit_codes import FOUND

    grouping = Grouping()
    checked = checked_groups(named)
    async with d.opened_reader() as reader:
        for group in checked:
            async for kept in reader.kept(group):
                if chosen.includes(kept):
                    grouping.add(kept)
    found = grouping.found()
    if as_json:
        print_json({"groups": [each.document() for each in found]})
    else:
        for each in found:
            print_line(f"{each.fingerprint}  {each.group}  {each.open} open of {each.letters}, {each.jobs} jobs")
            print_line(f"    {each.error_type} in {each.error_at} ({each.code})")
            print_line(
                f"    first {each.first_seen}  last {each.last_seen}  sent again {each.replays}×  e.g. {each.example}"
            )
        if not found:
            note("There are none.")
    return FOUND if any(each.open for each in found) else ExitCode.OK
