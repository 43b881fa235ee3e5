"""When lanes may be used: by the clocks of places, over midnight, over weeks, and over summer time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, reset_tzpath

import pytest

from queuebit_contracts.windows import Window
from queuebit_domain.release.windows import is_zone, opens_at


def window(opens: str, closes: str, zone: str = "Europe/Berlin", **more: Any) -> Window:
    return Window(opens=opens, closes=closes, zone=zone, **more)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


NIGHTS = window("22:00", "06:00")
OFFICE = window("08:00", "18:00", effect="deny", days=("mon", "tue", "wed", "thu", "fri"))


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-06-01T12:00", "2026-06-01T20:00"),
        ("2026-06-01T20:00", "2026-06-01T20:00"),
        ("2026-06-02T03:59", "2026-06-02T03:59"),
        ("2026-06-02T04:00", "2026-06-02T20:00"),
        ("2026-12-01T20:59", "2026-12-01T21:00"),
    ],
    ids=["by day", "as it opens", "behind midnight", "as it closes", "in winter"],
)
def test_it_opens_by_the_clock_of_its_zone(now: str, opens: str) -> None:
    assert opens_at([NIGHTS], at(now)) == at(opens)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-03-29T03:59", "2026-03-29T03:59"),
        ("2026-03-29T04:00", "2026-03-29T20:00"),
        ("2026-10-25T04:59", "2026-10-25T04:59"),
        ("2026-10-25T05:00", "2026-10-25T21:00"),
    ],
    ids=["to summer time", "an hour earlier", "from summer time", "an hour later"],
)
def test_a_night_in_which_the_clocks_change_ends_by_the_clock(now: str, opens: str) -> None:
    assert opens_at([NIGHTS], at(now)) == at(opens)


def test_an_hour_that_is_skipped_is_over_and_one_that_is_repeated_lasts_twice() -> None:
    half = window("02:15", "02:45")

    assert opens_at([half], at("2026-03-28T12:00")) == at("2026-03-30T00:15")
    assert opens_at([half], at("2026-10-24T12:00")) == at("2026-10-25T00:15")
    assert opens_at([half], at("2026-10-25T01:44")) == at("2026-10-25T01:44")
    assert opens_at([half], at("2026-10-25T01:45")) == at("2026-10-26T01:15")


@pytest.mark.parametrize(
    ("times", "zone", "now", "opens"),
    [
        (("01:00", "02:30"), "Europe/Berlin", "2026-03-29T00:59", "2026-03-29T01:00"),
        (("02:30", "04:00"), "Europe/Berlin", "2026-03-29T01:00", "2026-03-29T02:00"),
        (("02:15", "02:45"), "Europe/Berlin", "2026-03-29T00:50", "2026-03-29T00:50"),
        (("12:00", "00:00"), "Africa/Cairo", "2026-04-23T21:30", "2026-04-23T22:00"),
        (("00:00", "06:00"), "Africa/Cairo", "2026-04-23T22:00", "2026-04-24T03:00"),
        (("02:00", "02:15"), "Australia/Lord_Howe", "2026-10-03T15:20", "2026-10-03T15:20"),
    ],
    ids=[
        "closes in it",
        "opens in it",
        "lies in it",
        "closes at a midnight that is none",
        "opens then",
        "half an hour",
    ],
)
def test_a_time_that_the_clocks_skip_is_the_moment_at_which_they_do(
    times: tuple[str, str], zone: str, now: str, opens: str
) -> None:
    """What is denied until half past two ends as two o'clock becomes three, and not at half past one."""
    assert opens_at([window(*times, zone=zone, effect="deny")], at(now)) == at(opens)


def test_what_is_denied_is_so_whatever_is_allowed_and_one_that_allows_is_enough() -> None:
    noon = window("12:00", "13:00", zone="UTC")

    assert opens_at([OFFICE], at("2026-06-01T09:00")) == at("2026-06-01T16:00"), "a monday"
    assert opens_at([OFFICE], at("2026-06-06T09:00")) == at("2026-06-06T09:00"), "a saturday"
    assert opens_at([NIGHTS, noon], at("2026-06-01T10:00")) == at("2026-06-01T12:00")
    assert opens_at([NIGHTS, noon, OFFICE], at("2026-06-01T10:00")) == at("2026-06-01T20:00")


def test_days_are_those_of_the_opening_and_equal_times_are_a_whole_day() -> None:
    sundays = window("22:00", "06:00", days=("sun",))
    whole = window("09:00", "09:00", days=("mon",), zone="UTC")

    assert opens_at([sundays], at("2026-06-01T03:00")) == at("2026-06-01T03:00"), "the night from sunday to monday"
    assert opens_at([sundays], at("2026-06-01T05:00")) == at("2026-06-07T20:00")
    assert opens_at([whole], at("2026-06-02T08:59")) == at("2026-06-02T08:59")
    assert opens_at([whole], at("2026-06-02T09:00")) == at("2026-06-08T09:00")


def test_what_never_opens_says_so_and_no_window_closes_nothing() -> None:
    always = window("00:00", "00:00", effect="deny")

    assert opens_at([NIGHTS, always], at("2026-06-01T12:00")) is None
    assert opens_at([], at("2026-06-01T12:00")) == at("2026-06-01T12:00")


def test_a_zone_is_one_that_the_clocks_of_the_world_know() -> None:
    assert [is_zone(name) for name in ("Europe/Berlin", "UTC", "Europe/Atlantis", "Europe")] == [
        True,
        True,
        False,
        False,
    ]


def test_zones_are_known_on_a_host_that_has_none_of_its_own() -> None:
    """Given a machine without zone data, as small images are, then what is installed with this package knows them."""
    reset_tzpath(to=())
    try:
        assert ZoneInfo.no_cache("Europe/Berlin").utcoffset(datetime(2026, 7, 1)) == timedelta(hours=2)
        assert is_zone("Pacific/Chatham")
        assert not is_zone("Europe/Nowhere")
    finally:
        reset_tzpath()
