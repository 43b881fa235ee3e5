"""When a lane may be used: from windows by the clocks of places to one moment. Pure; summer time is that of the zone.

A time that the clocks skip is the moment at which they do, and an hour that they repeat lasts twice: a window opens at the
first of two moments of its time and closes at the last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from queuebit_contracts.windows import DAYS, Window

AHEAD_DAYS = 8
"""What is not open within so many days never is: windows are by the week."""
Span = tuple[datetime, datetime]


def opens_at(windows: Sequence[Window], now: datetime) -> datetime | None:
    """The first moment from `now` on at which attempts may begin; None where there is none. Raises ValueError or
    ZoneInfoNotFoundError for a zone that is not known here.
    """
    allowed = [span for each in windows if each.effect == "allow" for span in _spans(each, now)]
    denied = [span for each in windows if each.effect == "deny" for span in _spans(each, now)]
    free = all(each.effect == "deny" for each in windows)
    edges = sorted({now, *(start for start, _ in allowed), *(end for _, end in denied)})
    last = now + timedelta(days=AHEAD_DAYS)
    for edge in edges:
        if now <= edge <= last and (free or _within(edge, allowed)) and not _within(edge, denied):
            return edge
    return None


def is_zone(name: str) -> bool:
    """Whether the zone is known here."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True


def _within(moment: datetime, spans: Sequence[Span]) -> bool:
    return any(start <= moment < end for start, end in spans)


def _spans(window: Window, now: datetime) -> Iterator[Span]:
    """When the window is open, from the day before on, as it may have opened then."""
    zone = ZoneInfo(window.zone)
    opens, closes = _time(window.opens), _time(window.closes)
    later = timedelta(days=1 if closes <= opens else 0)
    today = now.astimezone(zone).date()
    for ahead in range(-1, AHEAD_DAYS + 2):
        day = today + timedelta(days=ahead)
        if DAYS[day.weekday()] in window.days:
            yield _moment(day, opens, zone, fold=0), _moment(day + later, closes, zone, fold=1)


def _moment(day: date, at: time, zone: ZoneInfo, fold: int) -> datetime:
    told = datetime.combine(day, at.replace(fold=fold), zone)
    moment = told.astimezone(UTC)
    if moment.astimezone(zone).time() == at:
        return moment
    other = told.replace(fold=1 - fold).astimezone(UTC)
    return _skip_between(min(moment, other), max(moment, other), zone)


def _skip_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The moment at which the clocks skip the time that would be at one of the two, to the second."""
    skipped = after.astimezone(zone).utcoffset()
    low, high = 0, int((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if (before + timedelta(seconds=middle)).astimezone(zone).utcoffset() == skipped:
            high = middle
        else:
            low = middle
    return before + timedelta(seconds=high)


@cache
def _time(text: str) -> time:
    return time.fromisoformat(text)
