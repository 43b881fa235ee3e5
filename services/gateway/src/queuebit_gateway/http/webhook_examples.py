"""What the answers about webhooks look like: the examples of the OpenAPI document."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from queuebit_gateway.webhooks.models import (
    DeliveryList,
    DeliveryView,
    Replayed,
    WebhookKey,
    WebhookList,
    WebhookView,
)
from queuebit_gateway.webhooks.rule import Rule

_AT = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
_SECRET = "whsec_" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

MAKE: dict[str, Any] = {
    "url": "https://hooks.example.com/queuebit",
    "rule": {"events": ["JobCompleted", "JobFailed"], "tiers": ["batch"], "labels": {"team": ["planning"]}},
    "signing": "v1",
}
CHANGE: dict[str, Any] = {"state": "paused"}
ROTATE: dict[str, Any] = {"overlap_s": 86400}
REPLAY: dict[str, Any] = {"since": "2026-01-05T09:00:00Z", "until": "2026-01-05T10:00:00Z", "states": ["exhausted"]}
SHOWN = WebhookView(
    id=UUID("01890000-0000-8000-8000-000000000010"),
    url="https://hooks.example.com/queuebit",
    description="",
    rule=Rule(events=("JobCompleted", "JobFailed"), tiers=("batch",), labels={"team": ("planning",)}),
    state="enabled",
    why="",
    failing_since=None,
    keys=(WebhookKey(scheme="v1", text=None),),
    version=1,
    created_at=_AT,
    updated_at=_AT,
)
MADE = SHOWN.model_copy(update={"keys": (WebhookKey(scheme="v1", text=_SECRET),)})
LISTED = WebhookList(data=(SHOWN,))
DELIVERY = DeliveryView(
    id=UUID("01890000-0000-8000-8000-000000000011"),
    event="JobCompleted",
    job_id=UUID("01890000-0000-7000-8000-000000000001"),
    sequence=8,
    happened_at=_AT,
    state="pending",
    attempts=1,
    next_attempt_at=_AT + timedelta(seconds=5),
    status=503,
    error="The receiver answered 503.",
    took_ms=120,
    answer="busy",
)
DELIVERIES = DeliveryList(data=(DELIVERY,), has_more=False)
REPLAYED = Replayed(deliveries=12, more=False)
