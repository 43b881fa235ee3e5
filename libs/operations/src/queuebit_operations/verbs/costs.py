"""`queuebit costs`: what was paid, for those who look after the money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.scan.port import Selection

HELP = "What was paid at providers, attempt by attempt. It needs PostgreSQL and no service."


def register(app: typer.Typer) -> None:
    """Add `costs` with its verb to `app`."""
    group = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)
    group.callback()(_only)
    group.command("export")(export)
    app.add_typer(group, name="costs")


def _only() -> None:
    """A group with one verb is still a group."""


def export(
    focus: Annotated[bool, typer.Option("--focus", help="As FOCUS 1.0, which tools of FinOps read.")] = False,
    tenant: o.Tenants = None,
    since: o.Since = None,
    until: o.TimeUntil = None,
    account: Annotated[str, typer.Option(help="The billing account: a name for this installation.")] = "queuebit",
    out: Annotated[
        str, typer.Option("--out", metavar="FILE", help="Where to; - for standard output; packed where it ends in .gz.")
    ] = "-",
    as_json: o.Json = False,
) -> int:
    """Write what attempts cost as CSV, a row for each attempt and currency: also of those that failed or came late.

    What costs nothing is left out. Exit 2: no format is named. 3: nothing was paid in that time.
    """
    from queuebit_operations.errors import BadArgument
    from queuebit_operations.running import run

    selection = o.selection(None, tenant, None, since, until)

    async def work() -> ExitCode:
        if not focus:
            raise BadArgument("No format is named.", remedy="Say --focus.")
        return await _export(selection, account, out, as_json=as_json)

    return run(work())


async def _export(selection: Selection, account: str, out: str, *, as_json: bool) -> ExitCode:
    import io
    import os
    from dataclasses import replace

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import note, print_json
    from queuebit_domain.job.codec import read_event
    from queuebit_operations.budgets import focus
    from queuebit_operations.connections.store import postgres_settings
    from queuebit_operations.errors import NotThere
    from queuebit_operations.scan.in_order import EventsInOrder
    from queuebit_operations.scan.postgres import opened_scan
    from queuebit_operations.transfer.opening import written

    count = 0
    async with opened_scan(postgres_settings(os.environ)) as scan:
        wanted = replace(selection, types=focus.TYPES)
        newest = (await scan.marks()).newest
        with written(out) as file:
            async for window in EventsInOrder(scan.connection, wanted, newest).windows():
                told = (focus.paid_by(row.stream_id, row.tenant, read_event(row), row.time) for row in window.events)
                rows = [row for paid in told if paid is not None for row in focus.rows_of(paid, account)]
                text = io.StringIO()
                focus.write(text, rows, header=count == 0 and bool(rows))
                file.write(text.getvalue().encode())
                count += len(rows)
            if not count:
                raise NotThere(f"Nothing was paid in {selection.words()}.", remedy="Check --since and --tenant.")
    if as_json and out != "-":
        print_json({"file": out, "rows": count})
    else:
        note(f"{count} rows are written to {out}.")
    return ExitCode.OK
