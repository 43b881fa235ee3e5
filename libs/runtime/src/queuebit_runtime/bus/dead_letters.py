"""What becomes of a record that cannot be read: it is kept as it came, with the reason. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime

from queuebit_contracts.channels import Service, dead_letter
from queuebit_contracts.errors import ContractError
from queuebit_runtime.bus.port import Outgoing, Record

TEXT_MAX = 2000


def dead_letter_of(record: Record, error: ContractError, consumer: Service, now: datetime) -> Outgoing:
    """The record as it came, plus headers that say what is wrong, where it lay and who could not read it."""
    reason = {
        "qb_error_code": error.code,
        "qb_error_detail": error.detail[:TEXT_MAX],
        "qb_error_remedy": error.remedy[:TEXT_MAX],
        "qb_topic": record.topic,
        "qb_partition": str(record.partition),
        "qb_offset": str(record.offset),
        "qb_consumer": consumer,
        "qb_failed_at": now.astimezone(UTC).isoformat().replace("+00:00", "Z"),
    }
    kept = [(name, value or b"") for name, value in record.headers if name not in reason]
    headers = kept + [(name, value.encode()) for name, value in reason.items()]
    return Outgoing(dead_letter(consumer), record.key or b"", record.value or b"", headers)


@dataclass(frozen=True, slots=True)
class PoisonLimit:
    """When so much is poison that something larger must be wrong: more than `share_max` of the last `window` records,
    and at least `count_min` of them. Source: the dead-letter limits of getsentry/arroyo.
    """

    window: int = 1000
    share_max: float = 0.5
    count_min: int = 200

    def exceeded(self, poison: int, seen: int) -> bool:
        """Whether `poison` of the last `seen` records (at most `window`) are too many."""
        return poison >= self.count_min and poison > self.share_max * seen


class PoisonWatch:
    """Counts poison among the last records, in runs, and says once when the limit is crossed, until it is kept again."""

    def __init__(self, limit: PoisonLimit | None = None) -> None:
        self.total = 0
        self._limit = limit or PoisonLimit()
        self._runs: deque[tuple[int, int]] = deque()
        self._seen = 0
        self._poison = 0
        self._over = False

    def add(self, seen: int, poison: int) -> bool:
        """Count a batch. Whether the limit is crossed by it."""
        self.total += poison
        self._runs.append((seen, poison))
        self._seen += seen
        self._poison += poison
        while len(self._runs) > 1 and self._seen - self._runs[0][0] >= self._limit.window:
            first_seen, first_poison = self._runs.popleft()
            self._seen -= first_seen
            self._poison -= first_poison
        was_over, self._over = self._over, self._limit.exceeded(self._poison, self._seen)
        return self._over and not was_over
