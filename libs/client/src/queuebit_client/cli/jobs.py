"""The commands about jobs, as functions that are imported when one is called."""

from __future__ import annotations

import sys
import time
from typing import Any

from queuebit_client.cli.exit_codes import ExitCode
from queuebit_client.cli.files import BadFlag
from queuebit_client.cli.options import Submission
from queuebit_client.cli.output import exit_code_of, for_people, note, print_json, print_line, show_outcome, show_table
from queuebit_client.cli.patched import asked_body, taken
from queuebit_client.cli.replanned import changes_of, show_changes
from queuebit_client.cli.session import Target, wait_for
from queuebit_client.cli.shares import show_shares
from queuebit_client.cli.words import words_of
from queuebit_client.core import WAIT_S
from queuebit_client.document import document_of
from queuebit_client.models import JobEvent


def submit(
    target: Target,
    submission: Submission,
    *,
    key: str | None,
    wait: bool,
    timeout_s: float | None,
    as_json: bool,
    quote: str | None = None,
) -> ExitCode:
    """Submit; with `wait`, the outcome and its exit code."""
    with target.client() as client:
        began_s = time.monotonic()
        wait_s = _wait_at_once_s(timeout_s) if wait else None
        job = taken(client, submission, lambda body: client.submit_body(body, key=key, wait_s=wait_s, quote=quote))
        if wait:
            timeout_s = None if timeout_s is None else max(0.0, timeout_s - (time.monotonic() - began_s))
            try:
                return show_outcome(document_of(wait_for(client, job, timeout_s)), as_json=as_json)
            except KeyboardInterrupt:
                note(f"The job goes on: queuebit watch {job.id}")
                raise
    if as_json:
        print_json(document_of(job))
    else:
        print_line(str(job.id))
    if for_people():
        note(f"Submitted. Follow it: queuebit watch {job.id}")
    return ExitCode.OK


def _wait_at_once_s(timeout_s: float | None) -> float | None:
    """For how long the call that takes the job also waits for its end; not where a line shows meanwhile how it goes."""
    if sys.stderr.isatty():
        return None
    return WAIT_S if timeout_s is None else min(WAIT_S, timeout_s)


def dry_run(target: Target, submission: Submission, *, as_json: bool) -> ExitCode:
    """What would become of it: plan, time and cost."""
    with target.client() as client:
        found = client.dry_run(asked_body(client, submission))
    if as_json or not for_people():
        print_json(found.model_dump(mode="json"))
        return ExitCode.OK
    plan, eta, cost = found.plan, found.eta, found.cost
    note("The problem is valid. Nothing was submitted.")
    for reason in plan.reasons or ():
        print_line(f"{plan.name} by rule {plan.rule}: {reason}")
    rows = [[leg.leg, leg.role, leg.lane, f"{leg.budget_s:g}", leg.reason] for leg in plan.legs]
    show_table("Plan", ["leg", "role", "lane", "budget s", "reason"], rows)
    print_line(f"time: {eta.expected_s:g} s expected, {eta.at_most_s:g} s at most")
    for basis in eta.basis:
        print_line(f"  {basis}")
    amount = "not known" if cost.amount is None else f"{cost.amount} {cost.currency}"
    print_line(f"cost: {amount}. {cost.detail}")
    return ExitCode.OK


def follow(target: Target, names: list[str], *, after: str, as_json: bool) -> ExitCode:
    """What happens to all jobs, until interrupted; each line of JSON holds the cursor to go on after."""
    whole = as_json or not for_people()
    with target.client() as client:
        for event in client.follow(names, after=after):
            if whole:
                print_line(_one_line({"cursor": event.cursor, **event.cloud_event}))
            else:
                about = event.job_id or ""
                print_line(f"{event.time:%H:%M:%S}  {about}  {event.name:<20} {words_of(event.name, event.data)}")
    return ExitCode.OK


def watch(target: Target, job_id: str, *, after: str, as_json: bool) -> ExitCode:
    """Events as they happen, then the outcome for people; the exit code is the outcome's."""
    if after and not after.isdecimal():
        raise BadFlag(f"--after {after} is no version of a job.", remedy="Give a number, such as --after 3.")
    with target.client() as client:
        for event in client.watch(job_id, after=int(after or 0)):
            _print_event(event, as_json=as_json or not for_people())
        document = document_of(client.get(job_id))
    if for_people() and not as_json:
        return show_outcome(document, as_json=False)
    return exit_code_of(document)


def show(target: Target, job_id: str, *, as_json: bool) -> ExitCode:
    """The job as it is now: the whole view as JSON, or what matters of it."""
    with target.client() as client:
        job = client.get(job_id, include=("plan",))
    if as_json:
        print_json(job.model_dump(mode="json", exclude={"events"}))
        return ExitCode.OK
    show_outcome(document_of(job), as_json=False)
    if for_people() and job.plan is not None:
        rows = [
            [leg.leg, leg.role, leg.lane, leg.state, "yes" if leg.chosen else "", leg.reason] for leg in job.plan.legs
        ]
        show_table(f"Plan {job.plan.name}", ["leg", "role", "lane", "state", "chosen", "reason"], rows)
    return ExitCode.OK


def events(target: Target, job_id: str, *, as_json: bool) -> ExitCode:
    """What has happened: a table for people, JSON lines for pipes."""
    with target.client() as client:
        found = client.events(job_id)
    if as_json or not for_people():
        for event in found:
            print_line(_one_line(event))
        return ExitCode.OK
    rows = [[e["streamversion"], e["time"], _name(e["type"]), words_of(_name(e["type"]), e["data"])] for e in found]
    show_table(f"Job {job_id}", ["version", "time", "event", ""], rows)
    return ExitCode.OK


def explain(target: Target, job_id: str, *, as_json: bool) -> ExitCode:
    """Why the job went as it went."""
    with target.client() as client:
        found = client.explain(job_id)
        job = client.get(job_id, include=("shares",))
        shares, changes = job.shares, changes_of(client, job)
    if as_json:
        told = None if shares is None else shares.model_dump(mode="json")
        print_json({**found.model_dump(mode="json"), "shares": told, "changes": changes})
        return ExitCode.OK
    print_line(found.summary)
    print_line(f"plan: {found.plan}  rule: {found.rule}  policy: {found.policy_version}")
    for reason in found.reasons:
        print_line(f"reason: {reason}")
    for name, value in found.inputs.items():
        print_line(f"input {name}: {value}")
    legs = [[leg.leg, leg.role, leg.lane, leg.state, "yes" if leg.chosen else "", leg.reason] for leg in found.legs]
    show_table("Legs", ["leg", "role", "lane", "state", "chosen", "reason"], legs)
    if shares is not None:
        show_shares(shares)
    if changes is not None:
        show_changes(changes)
    rows = [[f"{e.since_start_s:.3f}", f"+{e.since_previous_s:.3f}", e.event, e.text] for e in found.timeline]
    show_table("Story (seconds)", ["at", "after", "event", ""], rows)
    return ExitCode.OK


def cancel(target: Target, job_id: str, *, reason: str, as_json: bool) -> ExitCode:
    """Ask for the job to be withdrawn."""
    with target.client() as client:
        job = client.cancel(job_id, reason=reason)
    if as_json:
        print_json(document_of(job))
    else:
        note(f"Asked to cancel job {job.id}; it was {job.state}.")
    return ExitCode.OK


def list_jobs(target: Target, filters: dict[str, Any], *, limit: int | None, as_json: bool) -> ExitCode:
    """Jobs, newest first: a table for people, JSON lines with --json."""
    with target.client() as client:
        found = client.list(limit=limit, **filters)
        if as_json:
            for job in found:
                print_line(_one_line(job.model_dump(mode="json")))
            return ExitCode.OK
        rows = ([str(j.id), j.state, j.kind, j.tier, j.lane, f"{j.created_at:%Y-%m-%d %H:%M:%S}Z"] for j in found)
        show_table("Jobs", ["job", "state", "kind", "tier", "lane", "created"], rows)
    return ExitCode.OK


def _print_event(event: JobEvent, *, as_json: bool) -> None:
    if as_json:
        print_line(_one_line(event.cloud_event))
    else:
        print_line(f"{event.time:%H:%M:%S.%f}"[:-3] + f"  {event.name:<20} {words_of(event.name, event.data)}")


def _name(type_name: str) -> str:
    return type_name.split(".")[-2]


def _one_line(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
