"""What lists and timers keep of a job beside its events: one derivation for whoever stores it, checks it or rebuilds it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from queuebit_contracts.jobs import JobState
from queuebit_contracts.money import ENVIRONMENT_LABEL, PROJECT_LABEL
from queuebit_domain.job.label import label
from queuebit_domain.job.state import EndedJob, Held, Job, NoJob, OpenJob
from queuebit_domain.job.timers import next_wake

ATTRIBUTES: Final = ("kind", "tier", "lane", "fingerprint")
"""What jobs are listed by beside their state."""
PLACE: Final = (PROJECT_LABEL, ENVIRONMENT_LABEL)
"""Of jobs that have such a label: what keys for a project or an environment see."""

WAITS: Final = "waits"
WAITS_S: Final = "waits_s"
"""Of a job that waits for its turn: on which queue, with its priority where that is not 0, and for how many seconds of work."""
UNTIL: Final = "until"
"""Of a job that waits for a moment, and for nothing else: which one."""
BEGINS: Final = "begins"
"""Of a job that waits or has waited for a moment: which one. From then on it counts how long it takes."""
ALSO_HELD: Final = "also_held"
"""Of such a job, where an operator holds another leg of it back."""


class Summary(NamedTuple):
    """A job without its story. `wake_at`: when somebody must look at it again, or None. `attributes`: one of each name."""

    state: JobState
    wake_at: datetime | None
    attributes: Mapping[str, str]


def summary_of(job: Job) -> Summary:
    """The summary of a job. Raises AssertionError for NoJob, of which there is nothing to keep."""
    match job:
        case OpenJob():
            request = job.request
            about = {"kind": request.problem.kind, "tier": request.tier, "lane": request.lane}
            about["fingerprint"] = job.fingerprint
            if request.labels:
                about |= {name: value for name in PLACE if (value := request.labels.get(name))}
            if job.begins_at is not None:
                about[BEGINS] = job.begins_at.isoformat()
            state = label(job)
            if state == "held":
                about |= _waits(job)
            return Summary(state, next_wake(job), about)
        case EndedJob():
            about = {"kind": job.kind, "tier": job.tier, "lane": job.lane, "fingerprint": job.fingerprint}
            if job.project:
                about[PROJECT_LABEL] = job.project
            if job.environment:
                about[ENVIRONMENT_LABEL] = job.environment
            if job.begins_at is not None:
                about[BEGINS] = job.begins_at.isoformat()
            return Summary(label(job), None if job.later is None else next_wake(job), about)
        case NoJob():
            raise AssertionError("a job that never began has no summary")


def as_stored(summary: Summary, stored: Mapping[str, str]) -> Summary:
    """The summary to compare a stored head with: one that was written before projects stood in heads is right all the same."""
    lacking = {name for name in PLACE if name in summary.attributes and name not in stored}
    if not lacking:
        return summary
    return summary._replace(attributes={name: it for name, it in summary.attributes.items() if name not in lacking})


def _waits(job: OpenJob) -> Mapping[str, str]:
    """Also where an operator holds another leg back, which may take days: the lanes of the others have room before."""
    stopped = [(leg.spec.lane, leg.status) for leg in job.legs if isinstance(leg.status, Held)]
    held = [(lane, each.expected_s) for lane, each in stopped if each.until is None]
    first = next(((lane, expected_s) for lane, expected_s in held if expected_s is not None), None)
    if first is None:
        until = min((each.until for _, each in stopped if each.until is not None), default=None)
        return {} if held or until is None else {UNTIL: until.isoformat()}
    priority = f"/{job.priority:+d}" if job.priority else ""
    about = {WAITS: f"{first[0]}/{job.request.tier}{priority}", WAITS_S: f"{first[1]:.6g}"}
    return about | {ALSO_HELD: "yes"} if any(expected_s is None for _, expected_s in held) else about
