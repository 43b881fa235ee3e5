"""What is out on one lane and tier, and what it got done lately."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

LATELY: Final = timedelta(seconds=60)
"""For so long after its last attempt went out a tenant shares the lane."""
BRIEFLY: Final = timedelta(seconds=1)
"""So exactly it is known when that was."""
DONE_HALF_S: Final = 10.0
"""What a lane got done so long ago counts half."""


@dataclass(slots=True)
class Outstanding:
    """What is out on one queue: by tenant, so many attempts, and so many of them and seconds that nobody has begun, as far as
    was told; and what it got done lately.
    """

    counts: dict[str, int] = field(default_factory=dict)
    ahead: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    total_s: float = 0.0
    begun: int = 0
    weight: float = 0.0
    done_s: float = 0.0
    done_count: float = 0.0
    done_at: datetime | None = None
    latest: tuple[tuple[str, datetime], ...] = ()
    """The last two tenants that had something let out, the latest first."""

    def seen(self, tenant: str, now: datetime) -> None:
        latest = self.latest
        if latest and latest[0][0] == tenant:
            if now - latest[0][1] > BRIEFLY:
                self.latest = ((tenant, now), *latest[1:])
        else:
            self.latest = ((tenant, now), *latest[:1])

    def is_shared(self, tenant: str, now: datetime) -> bool:
        """Whether another tenant had something let out lately."""
        for each, at in self.latest:  # noqa: SIM110 - asked for every attempt
            if each != tenant and now - at < LATELY:
                return True
        return False

    def put(self, tenant: str, expected_s: float) -> None:
        self.ahead[tenant] = self.ahead.get(tenant, 0) + 1
        self.seconds[tenant] = self.seconds.get(tenant, 0.0) + expected_s
        self.total_s += expected_s

    def take(self, tenant: str, expected_s: float) -> None:
        """Sums of many small numbers drift: who has nothing ahead has exactly nothing."""
        self.ahead[tenant] -= 1
        self.seconds[tenant] -= expected_s
        self.total_s -= expected_s
        if not self.ahead[tenant]:
            del self.ahead[tenant], self.seconds[tenant]
        if not self.ahead:
            self.total_s = 0.0

    def done(self, run_s: float, now: datetime) -> None:
        age_s = 0.0 if self.done_at is None else max(0.0, (now - self.done_at).total_seconds())
        kept = 0.5 ** (age_s / DONE_HALF_S)
        self.done_s, self.done_count = self.done_s * kept + run_s, self.done_count * kept + 1.0
        self.done_at = now

    @property
    def at_once(self) -> float:
        """How many attempts ran at one time, on average of late."""
        return self.done_s * math.log(2) / DONE_HALF_S

    @property
    def mean_s(self) -> float:
        return self.done_s / self.done_count if self.done_count else 0.0
