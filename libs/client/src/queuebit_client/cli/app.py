"""The tree of commands: flags here, what they do in modules that are imported when a command runs."""

from __future__ import annotations

from typing import Annotated

import typer

from queuebit_client.cli import (
    backend_verbs,
    deciding_verbs,
    job_verbs,
    key_verbs,
    money_verbs,
    trail_verbs,
    webhook_verbs,
)
from queuebit_client.cli import options as o
from queuebit_client.cli.batch_verb import batch
from queuebit_client.cli.check_verb import check
from queuebit_client.cli.exit_codes import MEANINGS
from queuebit_client.cli.mcp_verb import mcp
from queuebit_client.cli.session import Target

JobId = Annotated[str, typer.Argument(metavar="JOB", help="The job id.")]
JobIdOrAll = Annotated[str | None, typer.Argument(metavar="[JOB]", help="The job id; without one, all your jobs.")]

WORKBENCH = "queuebit-workbench"
OPERATIONS = "queuebit-operations"
PLUG_INS = {
    "up": ("Start Kafka, PostgreSQL and the services on this machine.", WORKBENCH),
    "down": ("Stop what `up` started.", WORKBENCH),
    "status": ("Show what runs on this machine.", WORKBENCH),
    "logs": ("Print the logs of what runs on this machine.", WORKBENCH),
    "run": ("Take one job through all services in one process, without a server.", WORKBENCH),
    "demo": ("Start everything and send real jobs.", WORKBENCH),
    "console": ("Open the console in the browser: of the server, or of all services in one process.", WORKBENCH),
    "ops": ("What operators do: inspect, verify, export, replay.", OPERATIONS),
    "circuit": ("Draw, count and convert circuits, before and after they are fitted to a device.", WORKBENCH),
    "experiment": ("Decisions tried before they are made: scenarios, acceptance, switchback.", WORKBENCH),
    "submissions": ("What was handed in at providers that charge for it.", OPERATIONS),
    "path": ("How far each quantum way of answering is trusted, and what it cost to find out.", OPERATIONS),
    "costs": ("What was paid at providers, as FOCUS.", OPERATIONS),
    "audit": ("Whether the log is what it was: signed hashes over all events, proofs of one job.", OPERATIONS),
    "proofs": ("Answers that are held for optimal on the word of a solver.", OPERATIONS),
    "budget": ("What tenants may spend at providers, and what backends charge.", OPERATIONS),
}
"""What other packages bring: the meaning of each command, and the package that has it."""

_EPILOG = "Exit codes: " + "; ".join(f"{code.value} {text}" for code, text in MEANINGS.items()) + "."

_KINDS = (
    "The problem kinds: of the server that `queuebit --url` or `--profile` names; else those installed here; else, where"
    " none are, those of the configured server."
)


def new_app() -> typer.Typer:
    """The command line without plug-ins."""
    app = typer.Typer(
        name="queuebit",
        help="Submit a problem, watch it, read the checked answer.",
        epilog=_EPILOG,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback()(_root)
    for command in (submit, batch):
        app.command()(command)
    app.command("list")(list_jobs)
    of_a_job = (show, watch, events, explain, report, job_verbs.export, cancel)
    beside = (*money_verbs.VERBS, *deciding_verbs.VERBS, *trail_verbs.VERBS, check, mcp, version)
    for verb in (*of_a_job, usage, backlog, *beside):
        app.command()(verb)
    kinds = typer.Typer(help=_KINDS, no_args_is_help=True, rich_markup_mode=None)
    kinds.command("list")(kinds_list)
    kinds.command("show")(kinds_show)
    kinds.command("example")(kinds_example)
    app.add_typer(kinds, name="kinds")
    for each in (backend_verbs, job_verbs, key_verbs, webhook_verbs):
        app.add_typer(each.group(), name=each.NAME)
    config = typer.Typer(
        help="Where the server is, and which key opens it.", invoke_without_command=True, rich_markup_mode=None
    )
    config.callback()(config_show)
    config.command("set")(config_set)
    app.add_typer(config, name="config")
    return app


def _root(
    context: typer.Context,
    url: Annotated[str | None, typer.Option(help="The server; else QUEUEBIT_URL or the profile.")] = None,
    profile: Annotated[str | None, typer.Option(help="The profile; else QUEUEBIT_PROFILE or `default`.")] = None,
) -> None:
    context.obj = Target(url, profile)


def submit(
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
    from_job: o.FromJob = None,
    pin: o.Pin = None,
    change_cost: o.ChangeCost = None,
    supersede: o.Supersede = False,
    key: Annotated[str | None, typer.Option(help="The idempotency key; the same key gives the same job.")] = None,
    quote: Annotated[str | None, typer.Option(metavar="ID", help="Hold it to this quote of `queuebit quote`.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the end; exit 0 only for an accepted answer.")] = False,
    timeout_s: Annotated[float | None, typer.Option(help="With --wait: give up after so many seconds.")] = None,
    dry_run: o.DryRun = False,
    as_json: o.Json = False,
) -> int:
    """Submit a problem. Prints the job id, or with --wait the outcome."""
    from queuebit_client.cli import jobs

    asked = (file, kind, lane, tier, budget_s, latency_budget_s, deadline, seed, param or [], label or [], from_job)
    submission = o.Submission(*asked, pin or [], change_cost, supersede)
    if dry_run:
        return jobs.dry_run(context.obj, submission, as_json=as_json)
    return jobs.submit(context.obj, submission, key=key, quote=quote, wait=wait, timeout_s=timeout_s, as_json=as_json)


def watch(
    context: typer.Context,
    job: JobIdOrAll = None,
    after: Annotated[
        str, typer.Option(help="Only after this version; of all jobs after this cursor, or `beginning`.")
    ] = "",
    event: Annotated[list[str] | None, typer.Option(help="Of all jobs: only this event; repeatable.")] = None,
    as_json: o.Json = False,
) -> int:
    """Follow a job to its end, or without JOB all of yours until interrupted. JSON lines with --json or in a pipe."""
    from queuebit_client.cli import jobs

    if job is None:
        return jobs.follow(context.obj, event or [], after=after, as_json=as_json)
    return jobs.watch(context.obj, job, after=after, as_json=as_json)


def show(context: typer.Context, job: JobId, as_json: o.Json = False) -> int:
    """Show a job as it is now."""
    from queuebit_client.cli import jobs

    return jobs.show(context.obj, job, as_json=as_json)


def events(context: typer.Context, job: JobId, as_json: o.Json = False) -> int:
    """List what has happened to a job."""
    from queuebit_client.cli import jobs

    return jobs.events(context.obj, job, as_json=as_json)


def explain(context: typer.Context, job: JobId, why_not: o.WhyNot = None, as_json: o.Json = False) -> int:
    """Explain why a job went as it went, or why its answer is not another one.

    With --why-not, exit 1: the other choice would be better.
    """
    from queuebit_client.cli import jobs

    if why_not:
        from queuebit_client.cli import why_not as other

        return other.why_not(context.obj, job, why_not, as_json=as_json)
    return jobs.explain(context.obj, job, as_json=as_json)


def usage(
    context: typer.Context,
    days: Annotated[int, typer.Option(min=1, max=366, help="Of so many days, today included, in UTC.")] = 7,
    as_json: o.Json = False,
) -> int:
    """Show what you used: jobs by outcome, executions, shots, cost by currency, seconds by lane, day by day."""
    from queuebit_client.cli import figures

    return figures.usage(context.obj, days, as_json=as_json)


def backlog(context: typer.Context, as_json: o.Json = False) -> int:
    """Show your jobs that have not ended, by state, lane and tier."""
    from queuebit_client.cli import figures

    return figures.backlog(context.obj, as_json=as_json)


def cancel(
    context: typer.Context,
    job: JobId,
    reason: Annotated[str, typer.Option(help="For the record.")] = "",
    as_json: o.Json = False,
) -> int:
    """Withdraw a job."""
    from queuebit_client.cli import jobs

    return jobs.cancel(context.obj, job, reason=reason, as_json=as_json)


def report(
    context: typer.Context,
    job: Annotated[
        list[str] | None,
        typer.Argument(metavar="[JOB]…", help="Job ids; without any, the newest jobs that have ended."),
    ] = None,
    file: Annotated[
        list[str] | None,
        typer.Option(
            "--file", metavar="FILE", help="What --json printed of jobs, instead of a server; - for standard input."
        ),
    ] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind; repeatable.")] = None,
    lane: Annotated[str | None, typer.Option(help="Only jobs in which this lane took part.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Look at so many of the newest jobs.")] = 20,
    plot: Annotated[
        str | None, typer.Option(metavar="FILE.svg|FOLDER", help="Draw it: one file, or a chart each in a folder.")
    ] = None,
    as_json: o.Json = False,
) -> int:
    """Report honestly what jobs owe to what: samples, polish, placebo, baseline, with intervals, times and cost."""
    from queuebit_client.cli.report import Wanted
    from queuebit_client.cli.report import report as report_jobs

    wanted = Wanted(job or (), file or (), kind or (), lane, limit)
    return report_jobs(context.obj, wanted, as_json=as_json, plot=plot)


def list_jobs(
    context: typer.Context,
    state: Annotated[list[str] | None, typer.Option(help="Only this state; repeatable.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind; repeatable.")] = None,
    tier: Annotated[list[str] | None, typer.Option(help="Only this tier; repeatable.")] = None,
    created_from: Annotated[str | None, typer.Option(help="Created at or after, RFC 3339.")] = None,
    created_to: Annotated[str | None, typer.Option(help="Created before, RFC 3339.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    everything: Annotated[bool, typer.Option("--all", help="All of them, page after page.")] = False,
    as_json: o.Json = False,
) -> int:
    """List jobs, newest first."""
    from queuebit_client.cli import jobs

    filters = {"state": state, "kind": kind, "tier": tier, "created_from": created_from, "created_to": created_to}
    given = {name: value for name, value in filters.items() if value}
    return jobs.list_jobs(context.obj, given, limit=None if everything else limit, as_json=as_json)


def kinds_list(context: typer.Context, as_json: o.Json = False) -> int:
    """List the problem kinds."""
    from queuebit_client.cli import kinds

    return kinds.list_kinds(context.obj, as_json=as_json)


def kinds_show(context: typer.Context, kind: str) -> int:
    """Print a kind with its JSON Schema."""
    from queuebit_client.cli import kinds

    return kinds.show_kind(context.obj, kind)


def kinds_example(context: typer.Context, kind: str) -> int:
    """Print a small problem of a kind, ready to submit."""
    from queuebit_client.cli import kinds

    return kinds.show_example(context.obj, kind)


def config_show(context: typer.Context, as_json: o.Json = False) -> int:
    """Where the server is, and which key opens it."""
    if context.invoked_subcommand is not None:
        return 0
    from queuebit_client.cli import others

    return others.show_config(context.obj, as_json=as_json)


def config_set(
    context: typer.Context,
    setting: Annotated[str, typer.Argument(help="url or api_key.")],
    value: Annotated[str, typer.Argument(help="The value; - reads it from standard input.")],
) -> int:
    """Store a setting in the profile, in a file that only you can read."""
    from queuebit_client.cli import others

    return others.set_config(context.obj, setting, value)


def version() -> int:
    """Print the version."""
    from queuebit_client.cli import others

    return others.show_version()
