"""The numbers of a job's tier, and when a failed attempt is tried again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from uuid import UUID

from queuebit_contracts.ids import derive_id
from queuebit_contracts.jobs import Tier

RETRY_BASE_S = 0.5
RETRY_MAX_S = 30.0
REROUTES_MAX = 8
DEGRADED_MAX = 3
"""How often a leg goes to another backend, and how often it is made smaller."""
QUIET_S_MAX = 6 * 3600.0
"""For so long an attempt that waits in a queue may be silent, whatever its worker promises."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a tier grants when the request does not say. All in seconds.

    `lost_after_s` is a backstop: Kafka redelivers what a dead worker held, so it only catches what nobody will ever answer.
    It counts from the last sign of life of an attempt and is added to the attempt's budget.
    """

    budget_s: float
    latency_budget_s: float
    deadline_s: float
    lost_after_s: float = 300.0
    verdict_after_s: float = 120.0

    @staticmethod
    def of(tier: Tier) -> Limits:
        return _LIMITS[tier]


_LIMITS: dict[Tier, Limits] = {
    "interactive": Limits(budget_s=10.0, latency_budget_s=60.0, deadline_s=600.0),
    "batch": Limits(budget_s=60.0, latency_budget_s=3_600.0, deadline_s=86_400.0),
    "scheduled": Limits(budget_s=300.0, latency_budget_s=43_200.0, deadline_s=7 * 86_400.0),
}


@lru_cache(maxsize=1024)
def seconds(count: float) -> timedelta:
    """So many seconds: what tiers grant is asked for several times a job."""
    return timedelta(seconds=count)


def retry_delay_s(attempt_id: UUID, number: int, retry_after_s: float | None) -> float:
    """Exponential backoff with jitter from the attempt's own id, so that a replay waits as long; at least `retry_after_s`."""
    ceiling_s = min(RETRY_MAX_S, RETRY_BASE_S * 2.0 ** (number - 1))
    fraction = (derive_id(attempt_id, "jitter").int & 0xFFFF) / 0xFFFF
    return max(ceiling_s * (0.5 + 0.5 * fraction), retry_after_s or 0.0)
