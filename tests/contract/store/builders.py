"""Appends and heads where only what matters to a test is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from queuebit_store.ports import Append, Head, NewEvent, StoredEvent

T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def an_id(number: int) -> UUID:
    """Ids whose order is that of the numbers."""
    return UUID(int=(7 << 76) | (2 << 62) | (number << 80))


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def a_head(
    state: str = "planned", *, kind: str = "maxcut", tier: str = "batch", wake_at: datetime | None = None
) -> Head:
    return Head(state, wake_at, {"kind": kind, "tier": tier, "lane": "classical", "fingerprint": "f00d"})


def an_event(number: int, *, data: str = "{}", seconds: float = 0) -> NewEvent:
    return NewEvent(
        id=an_id(1_000_000 + number),
        type="JobPlanned",
        schema_version=1,
        data=data,
        time=at(seconds),
        causation_id=an_id(2_000_000 + number),
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )


def an_append(
    stream: int,
    *,
    expected: int = 0,
    events: int = 1,
    head: Head | None = None,
    tenant: str = "acme",
    seconds: float = 0,
    category: str = "job",
) -> Append:
    return Append(
        stream_id=an_id(stream),
        tenant=tenant,
        expected_version=expected,
        events=tuple(an_event(stream * 1000 + expected + i, seconds=seconds) for i in range(1, events + 1)),
        head=head or a_head(),
        category=category,
    )


def names(events: list[StoredEvent]) -> list[tuple[UUID, int]]:
    """Which events these are, in order: (stream, version)."""
    return [(event.stream_id, event.version) for event in events]
