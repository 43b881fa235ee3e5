"""The commands about what is counted over all jobs of a tenant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from queuebit_client.cli.exit_codes import ExitCode
from queuebit_client.cli.output import note, print_json, show_table
from queuebit_client.cli.session import Target
from queuebit_client.reads import Fresh


def usage(target: Target, days: int, *, as_json: bool) -> ExitCode:
    """What was used, a line a day."""
    with target.client() as client:
        found = client.usage(days)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return ExitCode.OK
    rows = [
        [day.day, _pairs(day.jobs), _pairs(day.executions), day.shots, _pairs(day.cost), _pairs(day.lane_s)]
        for day in found.days
    ]
    show_table("", ["day", "jobs", "executions", "shots", "cost", "seconds by lane"], rows)
    _say(f"{len(rows)} of {days} days", found)
    return ExitCode.OK


def backlog(target: Target, *, as_json: bool) -> ExitCode:
    """What is on its way, a line a place."""
    with target.client() as client:
        found = client.backlog()
    if as_json:
        print_json(found.model_dump(mode="json"))
        return ExitCode.OK
    rows = [[each.state, each.lane, each.tier, each.jobs, each.there_since, each.submitted_at] for each in found.groups]
    show_table("", ["state", "lane", "tier", "jobs", "there since", "oldest of"], rows)
    _say(f"{found.open} jobs have not ended", found)
    return ExitCode.OK


def _say(what: str, fresh: Fresh) -> None:
    late = f"; behind by {fresh.behind_s:.0f} s" if fresh.behind_s >= 1 else ""
    since = f"; without what began before {fresh.counts_from:%Y-%m-%d}" if fresh.counts_from else ""
    note(f"{what}{late}{since}.")


def _pairs(counts: Mapping[str, Any]) -> str:
    return ", ".join(f"{value} {name}" for name, value in counts.items())
