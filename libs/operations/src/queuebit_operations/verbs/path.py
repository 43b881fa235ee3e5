"""`queuebit path`: how far each quantum way of answering is trusted, and what it cost to find out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from queuebit_operations.verbs import options as o
from queuebit_operations.verbs import path_change

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode

HELP = (
    "Quantum ways of answering: registered with a gate and a budget, measured beside the classical way, let up on evidence"
    " and taken back at once. It needs PostgreSQL and no service; the control plane follows within half a second."
)
Name = Annotated[
    str, typer.Argument(metavar="PATH", help="The path: its name, version or id, or the beginning of one of them.")
]


def register(app: typer.Typer) -> None:
    """Add `path` with its verbs to `app`."""
    group = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)
    group.command("list")(list_)
    group.command("show")(show)
    group.command("report")(report)
    path_change.add(group)
    app.add_typer(group, name="path")


def list_(as_json: o.Json = False) -> int:
    """List every path: its stage, what its gate says, pairs, gains, and what it cost of its budget."""
    from queuebit_operations.running import run

    async def work() -> ExitCode:
        from queuebit_client.cli.exit_codes import ExitCode
        from queuebit_client.cli.output import print_json, show_table
        from queuebit_operations.paths.opening import opened_paths
        from queuebit_operations.paths.telling import COLUMNS, document_of, row_of

        async with opened_paths() as (paths, now):
            found = await paths.all()
        if as_json:
            print_json({"paths": [document_of(each, now, 0) for each in found]})
        else:
            show_table("", COLUMNS, [row_of(each, now) for each in found])
        return ExitCode.OK

    return run(work())


def show(
    name: Name,
    ahead: Annotated[
        int,
        typer.Option(min=0, help="So many jobs are still to come that it would answer: what further pairs are worth."),
    ] = 10_000,
    as_json: o.Json = False,
) -> int:
    """Show one path: every number of its gate beside what it must reach, what is missing for the next stage, and the money.

    Exit 1: its gate says that it should go back, be given up, or was measured wrongly. Exit 3: there is none.
    """
    from queuebit_operations.running import run

    async def work() -> ExitCode:
        from queuebit_client.cli.exit_codes import ExitCode
        from queuebit_client.cli.output import print_json
        from queuebit_operations.exit_codes import FOUND
        from queuebit_operations.paths.opening import opened_paths
        from queuebit_operations.paths.telling import document_of

        async with opened_paths() as (paths, now):
            document = document_of(await paths.named(name), now, ahead)
        if as_json:
            print_json(document)
        else:
            _print(document)
        return FOUND if document["verdict"]["word"] in ("rollback", "futile", "invalid") else ExitCode.OK

    return run(work())


def report(name: Name) -> int:
    """Print a path on one page: what it was, how it was trusted, what was shown, what it brought and cost.

    The same events give the same bytes; the last line is the hash of the events. Of a retired path it is the page that was
    kept.
    """
    from queuebit_operations.running import run

    async def work() -> ExitCode:
        from queuebit_client.cli.exit_codes import ExitCode
        from queuebit_client.cli.output import print_line
        from queuebit_domain.paths.report import report_of
        from queuebit_operations.paths.opening import opened_paths

        async with opened_paths() as (paths, _):
            path = await paths.named(name)
        print_line((report_of(path) if path.retired is None else path.retired.report).rstrip("\n"))
        return ExitCode.OK

    return run(work())


def _print(document: dict[str, Any]) -> None:
    from queuebit_client.cli.output import print_line, show_table

    verdict, pairs, money = document["verdict"], document["pairs"], document["money"]
    percent = f" {document['percent']} %" if document["percent"] else ""
    frozen = "" if document["frozen"] is None else f", frozen by {document['frozen']['actor']}"
    print_line(f"path       {document['path']}  {document['name']}")
    print_line(f"lane       {document['lane']}, settings {document['settings']}, owner {document['owner']}")
    print_line(
        f"stage      {document['stage']}{percent}{frozen}, answers {document['answers_percent']} % of its cohort"
    )
    for why in verdict["why"]:
        print_line(f"gate       {verdict['word']}: {why}")
    print_line(
        f"pairs      {pairs['counted']} count, {pairs['this_stage']} here: {pairs['wins']} gains, {pairs['ties']} ties;"
        f" {pairs['epochs']} epochs; drawn {pairs['drawn']} of {pairs['eligible']}, expected {pairs['expected']:g}"
    )
    per_win = "no gain yet" if money["per_win"] is None else f"{money['per_win']:.4g} {money['currency']} a gain"
    print_line(f"money      {money['cost']} of {money['budget']} {money['currency']}, {per_win}")
    if money["further_pairs"] is not None:
        more = money["further_pairs"]
        print_line(
            f"           the next {more['pairs']} pairs are worth {more['worth']:.4g} and cost {more['price']:.4g}"
        )
    if document["exhausted"]:
        print_line(f"           {document['exhausted']}")
    rows = [
        [
            each["hypothesis"],
            f"{each['log_e']:.3f}",
            f"{each['log_threshold']:.3f}",
            "" if each["shown_after_pairs"] is None else f"after {each['shown_after_pairs']} pairs",
        ]
        for each in document["evidence"]
    ]
    show_table("", ["hypothesis", "log odds", "needs", "shown"], rows)
