"""What became of the submissions of one way, and whether that is as it must be."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from queuebit_store.submissions.port import Submission
from queuebit_workbench.clouds.crashes.ways import SURE, Way

PLACES = ("claimed", "before the send", "sent", "sent, no answer", "polled", "cancelled", "fetched", "saved concluded")
SEARCHED = (*PLACES, "looked up")
FENCED = (*SEARCHED, "fence open", "fence closed")
PLACES_OF: Mapping[Way, tuple[str, ...]] = {"fence": FENCED, "token": PLACES, "label": SEARCHED}
"""Where somebody must have died in a long run of each way as we do it."""
LONG_RUNS = 500
FOUND = re.compile(r" more were found: | more, which may have been paid")


def verdict(told: Mapping[str, Any]) -> bool:
    """What each way must show. Without a fence a paused process may pay twice, and so may whoever the provider forgets: these
    are windows; what was paid twice because a token was forgotten, or because a provider has neither, a late look must find.
    What nobody wanted any more was paid once at most, and never failed. In a long run somebody must have died everywhere.
    """
    unwanted = told["unwanted"]
    concluded = told["states"] == {"concluded": told["runs"]} and set(unwanted["states"]) <= {"concluded", "cancelled"}
    died = set(told["deaths"]["at"])
    if told["runs"] >= LONG_RUNS and not died.issuperset(PLACES_OF.get(told["way"], ())):
        return False
    twice = sum(count for group in (told, unwanted) for times, count in group["accepted"].items() if int(times) > 1)
    match told["way"]:
        case way if way in SURE:
            once = told["accepted"] == {"1": told["runs"]} and set(unwanted["accepted"]) <= {"0", "1"}
            return bool(once and concluded)
        case "search":
            return bool(concluded)
        case "forgotten" | "label":
            return bool(concluded and told["paid twice and found"] == twice)
        case _:
            return bool(twice)


def counted(
    way: Way, rows: Sequence[Submission], accepted: Mapping[str, int], history: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """How many jobs the cloud accepted for each submission, and how they got there. `accepted` and `history` are by key."""
    wanted, unwanted = ([row for row in rows if row.cancel_wanted is no] for no in (False, True))
    notes = [note for each in history.values() for note in each]
    twice = [key for key, number in accepted.items() if number > 1]
    return {
        "way": way,
        **_ended(wanted, accepted),
        "unwanted": _ended(unwanted, accepted),
        "taken over": sum(note == "Nobody knows its fate: Whoever sent it is gone." for note in notes),
        "answers lost": sum(note.startswith("Nobody knows its fate") for note in notes),
        "found again": sum(note.startswith("It was found as") for note in notes),
        "sent again after proof of absence": sum(note.startswith("It is not there") for note in notes),
        "sent again under its token": sum(note == "It is sent again." for note in notes),
        "paid twice and found": sum(any(FOUND.search(note) for note in history.get(key, ())) for key in twice),
    }


def _ended(rows: Sequence[Submission], accepted: Mapping[str, int]) -> dict[str, Any]:
    times = Counter(accepted.get(str(row.key), 0) for row in rows)
    return {
        "runs": len(rows),
        "accepted": {str(number): count for number, count in sorted(times.items())},
        "states": dict(Counter(row.state.value for row in rows)),
    }
