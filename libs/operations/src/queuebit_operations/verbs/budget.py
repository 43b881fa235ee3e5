"""`queuebit budget`: what tenants may spend, what is set aside of it now, and what backends charge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from queuebit_operations.verbs import acting as a
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from typing import Any

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.connections.store import BudgetStore

HELP = (
    "What tenants may spend at providers, what is set aside and spent, and what backends charge. A tenant without any"
    " budget is not bounded. It needs PostgreSQL and no service."
)
_Name = Annotated[
    str,
    typer.Argument(metavar="BUDGET", help="TENANT, or TENANT/PROJECT, TENANT/PROJECT/ENVIRONMENT, or that with /KIND."),
]
_Purpose = Annotated[
    str,
    typer.Option("--purpose", help="production, or experiment: neither spends the other's money.", metavar="PURPOSE"),
]
_Per = Annotated[
    str, typer.Option("--per", help="It begins anew each day or month, in UTC; total: never.", metavar="PERIOD")
]
_Currency = Annotated[str, typer.Option("--currency", help="ISO 4217, such as EUR.", metavar="CODE")]
_Tenant = Annotated[str | None, typer.Argument(metavar="TENANT", help="Only of this tenant.")]
ROWS_MAX = 10_000


def register(app: typer.Typer) -> None:
    """Add `budget` with its verbs to `app`."""
    group = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)
    group.command("list")(list_)
    group.command("show")(show)
    group.command("grant")(grant)
    group.command("end")(end)
    group.command("holds")(holds)
    group.command("prices")(prices)
    group.command("price")(price)
    app.add_typer(group, name="budget")


def list_(as_json: o.Json = False) -> int:
    """All accounts, also of windows that are over: limit, left, set aside, spent. `left` is below zero where more was spent."""
    return _told(lambda store: _accounts(store, None), as_json=as_json)


def show(tenant: Annotated[str, typer.Argument(metavar="TENANT")], as_json: o.Json = False) -> int:
    """The accounts of one tenant. Exit 3: it has no budget, so that nothing bounds it."""
    from queuebit_operations.errors import NotThere

    async def work(store: BudgetStore) -> tuple[str, Sequence[Mapping[str, Any]]]:
        found = await _accounts(store, tenant)
        if not found[1]:
            raise NotThere(
                f"{tenant} has no budget, so nothing bounds it.", remedy=f"queuebit budget grant {tenant} --amount …"
            )
        return found

    return _told(work, as_json=as_json)


def grant(
    budget: _Name,
    amount: Annotated[str, typer.Option("--amount", help="So much in each window; 0 lets nothing more be spent.")],
    reason: a.Reason,
    currency: _Currency = "USD",
    per: _Per = "total",
    purpose: _Purpose = "production",
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Set what may be spent from now on, in the present window too.

    An attempt is let out only where every budget above it has what it may cost left; else the plan goes on with another leg.
    In force everywhere within five seconds.
    """

    async def work(store: BudgetStore) -> tuple[str, Sequence[Mapping[str, Any]]]:
        from queuebit_operations.budgets.reading import account_document, budget_of

        wanted = budget_of(budget, purpose, currency, per, amount)
        now = await store.submissions_now()
        account = await store.grant(wanted, now, actor=a.actor_or_user(actor), reason=reason)
        return "accounts", [account_document(account)]

    return _told(work, as_json=as_json)


def end(
    budget: _Name,
    currency: _Currency = "USD",
    per: _Per = "total",
    purpose: _Purpose = "production",
    as_json: o.Json = False,
) -> int:
    """End a budget: it bounds nobody any more. To let nothing be spent, grant 0 instead. Exit 3: there is none such."""
    from queuebit_operations.errors import NotThere

    async def work(store: BudgetStore) -> tuple[str, Sequence[Mapping[str, Any]]]:
        from queuebit_operations.budgets.reading import budget_of

        if not await store.end_budget(budget_of(budget, purpose, currency, per, "0")):
            raise NotThere(
                f"There is no budget {budget} for {purpose} in {currency} per {per}.",
                remedy="See: queuebit budget list",
            )
        return "ended", [{"budget": budget, "purpose": purpose, "currency": currency, "per": per}]

    return _told(work, as_json=as_json)


def holds(tenant: _Tenant = None, as_json: o.Json = False) -> int:
    """What is set aside for legs of jobs now, the oldest first.

    It ends when the attempt says what it cost, or when nothing of the leg lives at its provider any more; never by the clock.
    """

    async def work(store: BudgetStore) -> tuple[str, Sequence[Mapping[str, Any]]]:
        from queuebit_operations.budgets.reading import hold_document

        return "holds", [hold_document(each) for each in await store.open_reservations(tenant, limit=ROWS_MAX)]

    return _told(work, as_json=as_json)


def prices(as_json: o.Json = False) -> int:
    """What backends charge, as it is written down."""

    async def work(store: BudgetStore) -> tuple[str, Sequence[Mapping[str, Any]]]:
        from queuebit_operations.budgets.reading import price_document

        return "prices", [price_document(each) for each in await store.prices()]

    return _told(work, as_json=as_json)


def price(
    backend: Annotated[str, typer.Argument(metavar="BACKEND", help="As `queuebit backends list` names it.")],
    task: Annotated[str, typer.Option("--task", help="For each circuit.")] = "0",
    shot: Annotated[str, typer.Option("--shot", help="For each shot.")] = "0",
    second: Annotated[str, typer.Option("--second", help="For each second of its processor.")] = "0",
    currency: _Currency = "USD",
    forget: Annotated[bool, typer.Option("--forget", help="Forget what it charges.")] = False,
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Write down what a backend charges.

    While the price of a backend that charges is not known, nobody who has a budget gets there. Attempts that do not say what
    they cost are booked at this price.
    """
    from queuebit_operations.errors import NotThere

    async def work(store: BudgetStore) -> tuple[str, Sequence[Mapping[str, Any]]]:
        from queuebit_operations.budgets.reading import amount_of, currency_of, price_document
        from queuebit_store.budgets.port import PriceRow

        if forget:
            if not await store.drop_price(backend):
                raise NotThere(f"No price of {backend} is written down.", remedy="See: queuebit budget prices")
            return "forgotten", [{"backend": backend}]
        amounts = amount_of(task, "--task"), amount_of(shot, "--shot"), amount_of(second, "--second")
        row = PriceRow(backend, currency_of(currency), *amounts, a.actor_or_user(actor))
        await store.set_price(row)
        return "prices", [price_document(row)]

    return _told(work, as_json=as_json)


async def _accounts(store: BudgetStore, tenant: str | None) -> tuple[str, Sequence[Mapping[str, Any]]]:
    from queuebit_operations.budgets.reading import account_document

    return "accounts", [account_document(row) for row in await store.accounts(tenant, limit=ROWS_MAX)]


def _told(work: Callable[[BudgetStore], Awaitable[tuple[str, Sequence[Mapping[str, Any]]]]], *, as_json: bool) -> int:
    """Do it on the opened ledger, and show what came of it: a document, or a table."""
    from queuebit_operations.running import run

    async def told() -> ExitCode:
        import os

        from queuebit_client.cli.exit_codes import ExitCode
        from queuebit_client.cli.output import print_json, show_table
        from queuebit_operations.connections.store import opened_budgets

        async with opened_budgets(os.environ) as store:
            name, rows = await work(store)
        if as_json:
            print_json({name: [dict(row) for row in rows]})
        elif rows:
            shown = [["" if value is None else value for value in row.values()] for row in rows]
            show_table("", list(rows[0]), shown)
        return ExitCode.OK

    return run(told())
