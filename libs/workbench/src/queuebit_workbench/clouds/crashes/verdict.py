"""What became of the submissions of one way, and whether that is as it must be."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from queuebit_store.submissions.port import Submission, SubmissionState
from queuebit_workbench.clouds.crashes import cancels
from queuebit_workbench.clouds.crashes.ways import SURE, Way

PLACES = ("claimed", "before the send", "sent", "sent, no answer", "polled", "cancelled", "fetched", "saved concluded")
SEARCHED = (*PLACES, "looked up")
FENCED = (*SEARCHED, "fence open", "fence closed")
PLACES_OF: Mapping[Way, tuple[str, ...]] = {"fence": FENCED, "token": PLACES, "label": SEARCHED}
"""Where somebody must have died in a long run of each way as we do it."""
CANCELLED_AT = tuple(place for place in cancels.PLACES[1:] if place != "fence open")
"""Where cancels must have come, beside what was cancelled before it began; with fences also while one was open."""
LONG_RUNS = 500
CANCELLED = frozenset({"CANCELLED", "CANCELLING"})
OPENED = re.compile(r"The fence (\S+) is open\.")
FOUND = re.compile(r" more were found: | more, which may have been paid")


def verdict(told: Mapping[str, Any]) -> bool:
    """What each way must show. Without a fence a paused process may pay twice, and so may whoever the provider forgets: these
    are windows; what was paid twice because a token was forgotten, or because a provider has neither, a late look must find.
    What nobody wanted any more was paid once at most, and never failed; it is cancelled at the cloud, too, and what could be
    was. No fence stands open, also of those that nobody heard of. In a long run somebody must have died everywhere,
    and cancels have come everywhere.
    """
    unwanted = told["unwanted"]
    concluded = told["states"] == {"concluded": told["runs"]} and set(unwanted["states"]) <= {"concluded", "cancelled"}
    if unwanted["cancelled here alone"] or unwanted["not cancelled in time"]:
        return False
    if told["runs"] >= LONG_RUNS and told["way"] in PLACES_OF and not _everywhere(told["way"], told["deaths"]):
        return False
    twice = sum(count for group in (told, unwanted) for times, count in group["accepted"].items() if int(times) > 1)
    match told["way"]:
        case way if way in SURE:
            once = told["accepted"] == {"1": told["runs"]} and set(unwanted["accepted"]) <= {"0", "1"}
            return bool(once and concluded and not told["fences"]["left open"])
        case "search":
            return bool(concluded)
        case "forgotten" | "label":
            return bool(concluded and told["paid twice and found"] == twice)
        case _:
            return bool(twice)


def fences_of(sessions: Iterable[Mapping[str, Any]], history: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """How many fences the cloud opened, of how many somebody heard, and how many it still has open."""
    there = {str(each["id"]): bool(each["accepting_jobs"]) for each in sessions}
    heard = {each[1] for notes in history.values() for note in notes if (each := OPENED.match(note))}
    return {"opened": len(there), "heard of": len(heard & there.keys()), "left open": sum(there.values())}


def _everywhere(way: Way, deaths: Mapping[str, Any]) -> bool:
    places = (*CANCELLED_AT, "fence open") if way == "fence" else CANCELLED_AT
    return set(deaths["at"]).issuperset(PLACES_OF[way]) and set(deaths["cancels"]).issuperset(places)


def counted(
    way: Way,
    rows: Sequence[Submission],
    accepted: Mapping[str, Sequence[str]],
    history: Mapping[str, Sequence[str]],
    held: Collection[UUID] = (),
) -> dict[str, Any]:
    """How many jobs the cloud accepted for each submission, and how they got there. `accepted`, the states of its jobs there,
    and `history` are by key. `held`: those of which the cloud ended none by itself.
    """
    wanted, unwanted = ([row for row in rows if row.cancel_wanted is no] for no in (False, True))
    notes = [note for each in history.values() for note in each]
    twice = [key for key, jobs in accepted.items() if len(jobs) > 1]
    return {
        "way": way,
        **_ended(wanted, accepted),
        "unwanted": {**_ended(unwanted, accepted), **_cancels(unwanted, accepted, held)},
        "taken over": sum(note == "Nobody knows its fate: Whoever sent it is gone." for note in notes),
        "answers lost": sum(note.startswith("Nobody knows its fate") for note in notes),
        "found again": sum(note.startswith("It was found as") for note in notes),
        "sent again after proof of absence": sum(note.startswith("It is not there") for note in notes),
        "sent again under its token": sum(note == "It is sent again." for note in notes),
        "paid twice and found": sum(any(FOUND.search(note) for note in history.get(key, ())) for key in twice),
    }


def _cancels(
    rows: Sequence[Submission], accepted: Mapping[str, Sequence[str]], held: Collection[UUID]
) -> dict[str, Any]:
    """`cancelled here alone`: cancelled as the ledger says, and not at the cloud."""
    gone = [row for row in rows if row.state is SubmissionState.CANCELLED]
    return {
        "cancelled here alone": sum(not CANCELLED.issuperset(accepted.get(str(row.key), ())) for row in gone),
        "not cancelled in time": sum(row.key in held and row.state is not SubmissionState.CANCELLED for row in rows),
        "told as too late": sum(row.cancel_too_late for row in rows),
    }


def _ended(rows: Sequence[Submission], accepted: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    times = Counter(len(accepted.get(str(row.key), ())) for row in rows)
    return {
        "runs": len(rows),
        "accepted": {str(number): count for number, count in sorted(times.items())},
        "states": dict(Counter(row.state.value for row in rows)),
    }
