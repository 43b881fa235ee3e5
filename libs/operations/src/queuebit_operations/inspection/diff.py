"""The fold of today's code against what is stored beside the events. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from queuebit_contracts.errors import ContractError
from queuebit_domain.errors import CorruptStream
from queuebit_domain.job.codec import fold
from queuebit_domain.job.summary import as_stored, summary_of
from queuebit_operations.inspection.state import moment
from queuebit_operations.scan.port import Stream

CATEGORY = "job"


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that is stored otherwise than folded. `name`: a field of the head; `story` where there is no fold."""

    job_id: str
    name: str
    stored: Any
    folded: Any

    def document(self) -> dict[str, Any]:
        return {"job_id": self.job_id, "name": self.name, "stored": self.stored, "folded": self.folded}


def differences_of(stream: Stream) -> Iterator[Difference]:
    """What differs between a job's head and the fold of its events."""
    job_id, head, events = str(stream.stream_id), stream.head, stream.events
    if not events or events[0].category != CATEGORY:
        if head is not None and head.category == CATEGORY:
            yield Difference(job_id, "story", f"version {head.version}", "no events")
        return
    try:
        summary = summary_of(fold(events))
    except (CorruptStream, ContractError) as error:
        yield Difference(job_id, "story", "events", f"cannot be folded: {error}"[:500])
        return
    if head is None:
        yield Difference(job_id, "story", "no head", f"version {events[-1].version}")
        return
    summary = as_stored(summary, head.head.attributes)
    folded = {
        **summary._asdict(),
        "version": events[-1].version,
        "tenant": events[0].tenant,
        "created_at": events[0].time,
        "updated_at": events[-1].time,
    }
    for name, value in folded.items():
        stored = getattr(head.head, name) if name in summary._fields else getattr(head, name)
        if stored != value:
            yield Difference(job_id, name, _json(stored), _json(value))


def _json(value: Any) -> Any:
    return moment(value) if isinstance(value, datetime) else value
