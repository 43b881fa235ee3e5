"""What is asked about money: flags here, what they do in modules that are imported when a command runs."""

from __future__ import annotations

from typing import Annotated

import typer

from queuebit_client.cli import options as o


def spending(
    context: typer.Context,
    budget: Annotated[str | None, typer.Argument(metavar="[ID]", help="One budget, as the list has it.")] = None,
    past: Annotated[bool, typer.Option("--past", help="Also windows that are over.")] = False,
    entries: Annotated[int, typer.Option(min=0, help="Of one budget: so many of the latest lines of its ledger.")] = 20,
    as_json: o.Json = False,
) -> int:
    """Show what you may spend at providers, what is set aside and spent; of one budget also for what, line by line."""
    from queuebit_client.cli import spending as shown

    if budget is None:
        return shown.budgets(context.obj, past=past, as_json=as_json)
    return shown.budget(context.obj, budget, entries, as_json=as_json)
