"""When a leg may begin: not before its job says, and within the windows of its lane. The deadline goes before windows, as a
late answer is none; before what the job itself says nothing goes.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from queuebit_contracts.jobs import NOT_BEFORE_PARAM, JobRequest, Leg
from queuebit_contracts.operators import HoldScope
from queuebit_contracts.windows import moment_in
from queuebit_domain.job.plans import SHADOW
from queuebit_domain.release.windows import opens_at

BUDGETS_LEFT = 2.0
"""What waits for a window goes when so many of its budgets are left before the deadline: one to compute, one for the rest."""


class Closed(NamedTuple):
    """Until when it waits, and why: `scope` is `job` where the job says so, else `lane`."""

    until: datetime
    scope: HoldScope
    reason: str


def not_before_of(request: JobRequest) -> datetime | None:
    """What the request says; None where it says nothing that is a moment, which admission refuses."""
    return moment_in(request.params.get(NOT_BEFORE_PARAM))


def closed(request: JobRequest, leg: Leg, deadline: datetime, now: datetime) -> Closed | None:
    """Why no attempt of the leg may begin now; None where one may. Shadows wait for no window, as they wait for no turn."""
    windows = None if leg.role == SHADOW else leg.windows
    if windows is None and NOT_BEFORE_PARAM not in request.params:
        return None
    asked = not_before_of(request)
    begins = now if asked is None or asked <= now else asked
    opens = opens_at(windows, begins) if windows else begins
    last = deadline - timedelta(seconds=BUDGETS_LEFT * leg.budget_s)
    if opens is not None and opens <= max(begins, last):
        until, late = opens, False
    else:
        until, late = max(begins, last), True
    if until <= now:
        return None
    if until == begins:
        return Closed(until, "job", f"not_before: it says that nothing of it begins before {_told(until, None)}.")
    assert windows
    zone = windows[0].zone
    if late:
        reason = f"window: the {leg.lane} lane opens too late for its deadline, so it goes at {_told(until, zone)}."
    else:
        reason = f"window: the {leg.lane} lane opens at {_told(until, zone)}."
    why = next((each.reason for each in windows if each.reason), "")
    return Closed(until, "lane", f"{reason} {why}".rstrip())


def _told(moment: datetime, zone: str | None) -> str:
    if zone is None:
        return moment.isoformat(timespec="seconds")
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}"
