"""When something may begin: at a moment that a job says, or when a lane may be used by the clock of a place."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from queuebit_contracts.model import Model

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
ZoneName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_+/-]{0,63}$")]


class Window(Model):
    """From `opens` until `closes`, on these `days`, by the clocks of `zone` (IANA); where it closes no later than it opens, on
    the day after. Attempts begin only while one of the windows with `allow` is open, where there are any, and none with `deny`.
    `reason`: why it is so, for people.
    """

    effect: Literal["allow", "deny"] = "allow"
    days: Annotated[tuple[Day, ...], Field(min_length=1, max_length=7)] = DAYS
    opens: TimeOfDay
    closes: TimeOfDay
    zone: ZoneName
    reason: Annotated[str, StringConstraints(max_length=200)] = ""


LAST_MOMENT = datetime(9000, 1, 1, tzinfo=UTC)
"""What comes later is meant by nobody, and days are added to moments."""


def moment_in(told: object) -> datetime | None:
    """The moment that a text says, in UTC; None where it says none, leaves out how far its clock is from UTC, or is behind the
    last one.
    """
    if not isinstance(told, str):
        return None
    try:
        moment = datetime.fromisoformat(told)
        found = None if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return None if found is None or found > LAST_MOMENT else found
