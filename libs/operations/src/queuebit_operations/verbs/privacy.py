"""`queuebit privacy`: what is kept of a job, and what of it went to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from uuid import UUID

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.privacy.report import Report

HELP = "What is kept of a job's data and what of it went to whom. It needs PostgreSQL and no service."


def register(app: typer.Typer) -> None:
    """Add `privacy` with its verbs to `app`."""
    group = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)
    group.callback()(_group)
    group.command("report")(report)
    app.add_typer(group, name="privacy")


def _group() -> None:
    """So that its one verb is called by its name."""


def report(job: o.Job, as_json: o.Json = False) -> int:
    """The class of what each event of the job holds, the topics that it lies on, how long, and what providers were given.

    Of a statement nothing is printed. Exit 3: there is no such job.
    """
    from queuebit_operations.running import run

    return run(_report(job, as_json=as_json))


async def _report(job: UUID, *, as_json: bool) -> ExitCode:
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import print_json
    from queuebit_contracts.ids import lineage_id_of
    from queuebit_domain.job.codec import read_event
    from queuebit_operations.connections.store import opened_submissions, opened_switches
    from queuebit_operations.errors import NotThere
    from queuebit_operations.privacy.report import legs_of, report_of
    from queuebit_store.errors import StoreError

    async with opened_switches(os.environ) as store, opened_submissions(os.environ) as ledger:
        stored = (await store.load([job])).get(job, [])
        events = [read_event(each) for each in stored]
        handed_in = []
        for leg in legs_of(events):
            for submission in await ledger.submissions_of(lineage_id_of(job, leg)):
                try:
                    sent = len(await ledger.submission_request(submission.key) or b"") or None
                except StoreError:
                    sent = None
                handed_in.append((submission, sent))
        told = await store.reported_backends() if handed_in else []
        regions = {each.backend: str(each.status["region"]) for each in told if each.status.get("region")}
        found = report_of(job, events, handed_in, regions)
    if found is None:
        raise NotThere(f"There is no job {job}.", remedy="Name the id as `queuebit list` shows it.")
    if as_json:
        print_json(found.document)
    else:
        _print(found)
    return ExitCode.OK


def _print(found: Report) -> None:
    from queuebit_client.cli.output import print_line

    whose = (
        f"of the subject {found.subject}, {'sealed' if found.sealed else 'in clear'}"
        if found.subject
        else "of no subject"
    )
    print_line(f"{found.job}  tenant {found.tenant}, data {whose}")
    if found.regions is not None:
        print_line(f"its data may go to: {', '.join(found.regions) or 'nowhere'}")
    for kept in found.kept:
        topics = ", ".join(f"{topic} {days:g} d" for topic, days in kept.topics.items())
        print_line(
            f"{kept.event} x {kept.count}: {kept.data_class}; {', '.join(kept.fields) or 'no data of a customer'}; {topics}"
        )
    for name in found.inside:
        print_line(f"worked on here by {name}")
    for given in found.given:
        sent = "size no longer known" if given.sent_bytes is None else f"{given.sent_bytes} bytes"
        print_line(
            f"given to {given.backend} ({given.region}) {given.at}: {sent}, sha256 {given.sha256}, {given.state}"
        )
    if not found.given:
        print_line("given to no provider")
