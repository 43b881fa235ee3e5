"""What became of the submissions of one way, and whether that is as it must be."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from queuebit_store.submissions.port import Submission
from queuebit_workbench.clouds.crashes.ways import SURE, Way

FOUND = re.compile(r" more were found: | more, which may have been paid")


def verdict(told: Mapping[str, Any]) -> bool:
    """What each way must show. Without a fence a paused process may pay twice, and so may whoever the provider forgets: these
    are windows; what was paid twice because a token was forgotten, or because a provider has neither, a late look must find.
    """
    concluded = told["states"] == {"concluded": told["runs"]}
    twice = sum(count for times, count in told["accepted"].items() if int(times) > 1)
    match told["way"]:
        case way if way in SURE:
            return bool(told["accepted"] == {"1": told["runs"]} and concluded)
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
    times = Counter(accepted.get(str(row.key), 0) for row in rows)
    notes = [note for each in history.values() for note in each]
    twice = [key for key, number in accepted.items() if number > 1]
    return {
        "way": way,
        "runs": len(rows),
        "accepted": {str(number): count for number, count in sorted(times.items())},
        "states": dict(Counter(row.state.value for row in rows)),
        "taken over": sum(note == "Nobody knows its fate: Whoever sent it is gone." for note in notes),
        "answers lost": sum(note.startswith("Nobody knows its fate") for note in notes),
        "found again": sum(note.startswith("It was found as") for note in notes),
        "sent again after proof of absence": sum(note.startswith("It is not there") for note in notes),
        "sent again under its token": sum(note == "It is sent again." for note in notes),
        "paid twice and found": sum(any(FOUND.search(note) for note in history.get(key, ())) for key in twice),
    }
