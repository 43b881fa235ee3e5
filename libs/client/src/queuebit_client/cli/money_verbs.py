"""What is asked about money: flags here, what they do in modules that are imported when a command runs."""

from __future__ import annotations

from typing import Annotated

import typer

from queuebit_client.cli import options as o


def quote(
    context: typer.Context,
    file: o.File,
    kind: o.Kind = None,
    lane: o.Lane = None,
    tier: o.Tier = None,
    budget_s: o.BudgetS = None,
    latency_budget_s: o.LatencyBudgetS = None,
    deadline: o.Deadline = None,
    seed: o.Seed = None,
    param: o.Param = None,
    label: o.Label = None,
    valid_s: Annotated[float | None, typer.Option(help="For so many seconds it stands; 15 minutes by default.")] = None,
    as_json: o.Json = False,
) -> int:
    """Ask what a problem may cost at most, to be held to: `submit --quote ID` with the very same flags sets exactly that aside.

    Name the backend with --param backend=NAME. Exit 6: nothing is to be paid, or nobody knows the price.
    """
    from queuebit_client.cli import spending as shown

    submission = o.Submission(
        file, kind, lane, tier, budget_s, latency_budget_s, deadline, seed, param or [], label or []
    )
    return shown.quote(context.obj, submission, valid_s, as_json=as_json)


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


VERBS = (spending, quote)
