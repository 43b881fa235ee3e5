"""What is told: thin. Ids, how the job stands and what it cost; never a problem or an answer, which are read by the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from queuebit_contracts.channels import source_of
from queuebit_contracts.jobs import ENDS
from queuebit_store.ports import StoredEvent

BODY_BYTES_MAX = 20_000
TYPE = "io.queuebit.webhooks.{name}.v1"
PING = "Ping"
_SOURCE = source_of("gateway")
_STATES = {name: state for state, name in ENDS.items()}
_TOLD = (
    "kind", "verdict", "objective", "bound", "gap", "proven_optimal", "leg", "lane", "role", "number", "attempt_id", "ran",
    "cost", "usage", "elapsed_s", "code", "field", "remedy", "rule", "plan", "reasons", "actor", "from_leg", "to_leg",
    "trigger", "deadline", "replaced_by", "conflicting_job_id", "by", "compensation_id", "name", "cause", "command", "origin",
)  # fmt: skip
_FIRST_TO_GO = ("reasons", "origin", "ran", "usage")
"""Where it is too large."""


def body_of(event: StoredEvent, data: dict[str, Any]) -> str:
    """The structured CloudEvent about an event, of at most 20 kB."""
    told = {name: data[name] for name in _TOLD if data.get(name) is not None}
    confidence = data.get("confidence")
    if isinstance(confidence, dict):
        told["confidence"] = confidence.get("value")
    state = _STATES.get(event.type)
    about = {
        "job_id": str(event.stream_id),
        "url": f"/v1/jobs/{event.stream_id}",
        **({"state": state} if state else {}),
    }
    whole = _message(event.type, event.id, event.time, about | told, event.stream_id, event.version)
    for name in _FIRST_TO_GO:
        if len(whole) <= BODY_BYTES_MAX:
            break
        told.pop(name, None)
        whole = _message(event.type, event.id, event.time, about | told, event.stream_id, event.version)
    if len(whole) > BODY_BYTES_MAX:
        whole = _message(event.type, event.id, event.time, about, event.stream_id, event.version)
    return whole.decode()


def ping_of(delivery_id: UUID, now: datetime) -> str:
    """What is told to find out whether anybody listens."""
    data = {"detail": "This endpoint was asked to be tried. No job is concerned."}
    return _message(PING, delivery_id, now, data, delivery_id, 0).decode()


def _message(name: str, event_id: UUID, at: datetime, data: dict[str, Any], subject: UUID, version: int) -> bytes:
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": str(event_id),
            "source": _SOURCE,
            "type": TYPE.format(name=name),
            "subject": str(subject),
            "time": at,
            "datacontenttype": "application/json",
            "streamversion": version,
            "data": data,
        }
    )
