"""The command about what may be spent, and what was."""

from __future__ import annotations

from queuebit_client.cli.exit_codes import ExitCode
from queuebit_client.cli.files import body_of
from queuebit_client.cli.options import Submission
from queuebit_client.cli.output import note, print_json, print_line, show_table
from queuebit_client.cli.session import Target


def budgets(target: Target, *, past: bool, as_json: bool) -> ExitCode:
    """The budgets, a line each."""
    with target.client() as client:
        found = client.budgets(past=past)
    if as_json:
        print_json({"budgets": [each.model_dump(mode="json") for each in found]})
        return ExitCode.OK
    rows = [
        [each.id, each.budget, each.purpose, each.window, each.standing, each.limit, each.left, each.reserved, each.spent,
         each.currency, each.resets_at or "never"]
        for each in found
    ]  # fmt: skip
    columns = ["id", "budget", "for", "window", "standing", "limit", "left", "set aside", "spent", "in", "begins anew"]
    show_table("", columns, rows)
    note(f"{len(rows)} budgets." if rows else "There is no budget, so nothing bounds you.")
    return ExitCode.OK


def budget(target: Target, budget_id: str, entries: int, *, as_json: bool) -> ExitCode:
    """One budget: what is set aside now, and the latest lines of its ledger."""
    with target.client() as client:
        found = client.budget(budget_id)
        lines = list(client.ledger(budget_id, limit=entries)) if entries else []
    if as_json:
        print_json({**found.model_dump(mode="json"), "entries": [each.model_dump(mode="json") for each in lines]})
        return ExitCode.OK
    note(
        f"{found.budget}, {found.purpose}, {found.window}: {found.left} of {found.limit} {found.currency} left,"
        f" {found.reserved} set aside, {found.spent} spent."
    )
    if found.holds:
        held = [[each.since, each.amount, each.job_id, each.leg] for each in found.holds]
        show_table("", ["set aside since", "amount", "job", "leg"], held)
        if found.more_holds:
            note("And more.")
    show_table(
        "", ["at", "what", "amount", "job", "leg", "reason"],
        [[each.at, each.kind, each.amount, each.job_id or "", each.leg, each.reason] for each in lines],
    )  # fmt: skip
    return ExitCode.OK


def quote(target: Target, submission: Submission, valid_s: float | None, *, as_json: bool) -> ExitCode:
    """What it may cost at most, part by part, and the id of the offer."""
    with target.client() as client:
        found = client.quote(body_of(submission), valid_s=valid_s)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return ExitCode.OK
    show_table(
        f"At most {found.amount.amount} {found.amount.currency} on {found.backend}, for {found.leg} of {found.plan}",
        ["part", "quantity", "price", "amount"],
        [[each.name, each.quantity, each.price, each.amount] for each in found.parts],
    )
    note(f"It stands until {found.expires_at:%Y-%m-%d %H:%M:%S} UTC: submit the same with --quote and this id.")
    if found.fits is False:
        note(f"The budget {found.short or 'for it'} has not that much left.")
    print_line(found.id)
    return ExitCode.OK
