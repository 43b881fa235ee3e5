"""Events in a few words, for people who watch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def words_of(name: str, data: Mapping[str, Any]) -> str:
    """What an event says, in one line; its name where nothing more is known about it."""
    match name:
        case "JobPlanned":
            return f"plan {data.get('plan')}: {', '.join(leg['leg'] for leg in data.get('legs', ()))}"
        case "JobQueued":
            return f"{data.get('leg')} queued on the {data.get('lane')} lane, attempt {data.get('number')}"
        case "JobStarted":
            return f"{data.get('leg')} started by {data.get('worker')}"
        case "ExecutionProgressed":
            return f"{data.get('leg')} at {_reached(data)} after {data.get('elapsed_s', 0):.1f} s"
        case "ExecutionSucceeded":
            return f"{data.get('leg')} " + _worth(data, "claims objective {}", "has an answer")
        case "ExecutionFailed":
            return f"{data.get('leg')} failed: {data.get('detail')}"
        case "ResultValidated":
            return f"{data.get('leg')} checked: {data.get('verdict')}" + _worth(data, ", objective {}", "")
        case "ResultRejected":
            return f"answer of {data.get('leg')} refused: {'; '.join(data.get('reasons', ()))}"
        case "FallbackTaken":
            return f"fell back from {data.get('from_leg')} to {data.get('to_leg')}: {data.get('reason')}"
        case "JobCompleted":
            return "completed: " + _worth(data, "objective {}, ", "") + str(data.get("verdict"))
        case "JobFailed" | "JobRejected":
            return f"{data.get('code')}: {data.get('detail')}"
        case "JobCancelled":
            return f"cancelled by {data.get('actor')} {data.get('reason', '')}".rstrip()
        case "CompensationRequested":
            return f"{data.get('name')} is to be undone: {data.get('command')}, as the job was {data.get('cause')}"
        case "JobSuperseded":
            return f"the answer of {data.get('by')} takes the place of this one's"
        case _:
            return ""


def _worth(data: Mapping[str, Any], words: str, otherwise: str) -> str:
    """Words about the objective; others where the kind has none."""
    objective = data.get("objective")
    return otherwise if objective is None else words.format(objective)


def _reached(data: Mapping[str, Any]) -> str:
    """How far an attempt is: in numbers where there are any, else the step that it is at."""
    if data.get("objective") is None and data.get("bound") is None:
        return str(data.get("detail") or "work")
    return f"objective {data.get('objective')}, bound {data.get('bound')}"
