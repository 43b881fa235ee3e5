"""What IBM has measured of a job, as its metrics tell it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any


def usage_of(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """What it cost as far as it is known: never 0 where it is not."""
    try:
        return {"qpu_s": told["usage"]["qpu_charge_time_seconds"], "status": str(told["usage"]["status"])}
    except (KeyError, TypeError):
        return {"status": "unknown"}


def times_of(told: Mapping[str, Any]) -> Mapping[str, float]:
    """How long it waited and ran there, in seconds, as far as that is known."""
    stamps, found = told.get("timestamps") or {}, {}
    for name, begins, ends in (("queue_s", "created", "running"), ("device_s", "running", "finished")):
        try:
            passed = datetime.fromisoformat(stamps[ends]) - datetime.fromisoformat(stamps[begins])
            found[name] = max(0.0, round(passed.total_seconds(), 6))
        except (KeyError, TypeError, ValueError):
            continue
    return found
