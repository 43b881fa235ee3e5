"""A job as the server shows it, with a text in it that would be code where nobody escapes it."""

from __future__ import annotations

from typing import Any

from queuebit_client.models import Job

AT = "2026-01-01T00:00:00Z"
ID = "01890000-0000-7000-8000-000000000001"
HOSTILE = "<script>alert(1)</script>"


def a_job(**changes: Any) -> Job:
    leg = {"leg": "primary-classical", "role": "primary", "lane": "classical", "state": "accepted", "chosen": True,
           "budget_s": 1, "attempts_max": 1, "reason": HOSTILE}  # fmt: skip
    values = {
        "id": ID, "tenant": "acme", "state": "completed", "kind": "maxcut", "tier": "batch", "lane": "classical",
        "created_at": AT, "updated_at": AT, "version": 8, "answer": {"side": [0, 1]}, "objective": 2, "bound": 2, "gap": 0.0,
        "proven_optimal": True, "verdict": "accepted", "ran": {"lane": "classical", "method": "enumeration", "backend": "b"},
        "confidence": {"value": 1.0, "parts": [{"name": "optimality", "value": 1.0, "weight": 4}]},
        "reasons": [HOSTILE], "elapsed_s": 0.25,
        "plan": {"name": "classical_only", "rule": "wish", "policy_version": "1", "legs": [leg]},
        **changes,
    }  # fmt: skip
    return Job.model_validate(values)
