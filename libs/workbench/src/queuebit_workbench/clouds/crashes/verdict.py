"""What became of the submissions of one way, and whether that is as it must be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from queuebit_store.submissions.port import Submission
from queuebit_workbench.clouds.crashes.ways import Way


def verdict(told: dict[str, Any]) -> bool:
    """What each way must show. Without a fence a paused process may pay twice: that is the window, and no verdict on us."""
    match told["way"]:
        case "fence":
            return bool(told["accepted"] == {"1": told["runs"]} and told["states"] == {"concluded": told["runs"]})
        case "search":
            return bool(told["states"] == {"concluded": told["runs"]})
        case _:
            return any(int(times) > 1 for times in told["accepted"])


def counted(
    way: Way, rows: Sequence[Submission], jobs: Iterable[dict[str, Any]], notes: Sequence[str]
) -> dict[str, Any]:
    """How many jobs the cloud accepted for each submission, and how they got there."""
    tags = Counter(tag for job in jobs for tag in job["tags"])
    accepted = Counter(tags.get(f"queuebit:{row.key}", 0) for row in rows)
    return {
        "way": way,
        "runs": len(rows),
        "accepted": {str(times): count for times, count in sorted(accepted.items())},
        "states": dict(Counter(row.state.value for row in rows)),
        "taken over": sum(note == "Nobody knows its fate: Whoever sent it is gone." for note in notes),
        "answers lost": sum(note.startswith("Nobody knows its fate") for note in notes),
        "found again": sum(note.startswith("It was found as") for note in notes),
        "sent again after proof of absence": sum(note.startswith("It is not there") for note in notes),
        "late looks that found more": sum("more, which may have been paid" in note for note in notes),
    }
