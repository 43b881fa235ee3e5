"""How much of each lane a tenant may have out at once, in seconds of work as they are expected: what is more waits.

A lane has a window: so much work is let out onto it that nobody has begun. Tenants with work out or waiting share it by their
weights, and what one does not use the others may; who is alone has all of it, and who has nothing out that waits is always let
through, so that no worker is idle. It is what this process lets out that is counted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple
from uuid import UUID

from queuebit_contracts.jobs import Lane, Tier
from queuebit_contracts.operators import HoldScope
from queuebit_domain.release.durations import Durations, Sort, sort_of
from queuebit_domain.release.outstanding import Outstanding
from queuebit_domain.release.overload import Relief, defers, gives_way, relief_of
from queuebit_domain.release.steps import in_steps_s

FLIGHTS_MAX: Final = 200_000
USUAL_WINDOWS_S: Final[Mapping[Lane, float]] = {"classical": 8.0, "simulator": 30.0, "quantum": 3_600.0}
"""The rule lane has none: what it does takes no time."""
NOBODY: Final[frozenset[str]] = frozenset()
FLOOR_S: Final = 0.25
"""So much may always be out."""
BETWEEN_S: Final = 0.1
"""So long nothing may come of a wish to let more out: there is work for that time."""


class Queue(NamedTuple):
    """Attempts that wait for the same thing."""

    lane: Lane
    tier: Tier

    @property
    def name(self) -> str:
        return f"{self.lane}/{self.tier}"


class Order(NamedTuple):
    """What is looked at of an attempt that wants onto its lane."""

    tenant: str
    queue: Queue
    kind: str
    variables: int
    terms: int
    budget_s: float


@lru_cache(maxsize=4096)
def order_of(tenant: str, lane: Lane, tier: Tier, kind: str, variables: int, terms: int, budget_s: float) -> Order:
    """The order of an attempt: it is asked for when one wants out and when it is out, and many are alike."""
    return Order(tenant, Queue(lane, tier), kind, variables, terms, budget_s)


class Wait(NamedTuple):
    """Why an attempt waits for its turn, and how long it is expected to take then. `scope`: `tenant` where that has its share
    out, `tier` where that gives way.
    """

    expected_s: float
    reason: str
    scope: HoldScope = "tenant"


class Flight(NamedTuple):
    """An attempt that is out."""

    job_id: UUID
    tenant: str
    queue: Queue
    sort: Sort
    expected_s: float
    since: datetime
    begun: bool = False


class Shares:
    """Who has how much out, and who waits. `windows_s`: by lane; a lane without one is not bounded. `weights`: by tenant, 1
    where none is stated.
    """

    def __init__(
        self, windows_s: Mapping[Lane, float] = USUAL_WINDOWS_S, weights: Mapping[str, float] | None = None
    ) -> None:
        self._windows_s = windows_s
        self._weights = weights or {}
        self._flights: dict[int, Flight] = {}
        self._out: dict[Queue, Outstanding] = {}
        self._waiting: dict[Queue, frozenset[str]] = {}
        self._crowded_since: dict[Queue, datetime] = {}
        self.pressed = False
        """Whether somebody was told to wait since this was last set back: what is counted as out should be so then."""
        self.durations = Durations()

    def wait(self, order: Order, now: datetime) -> Wait | None:
        """Why it has to wait; None where it may go. Who comes while others of its own wait is behind them.

        It is asked for every attempt: where the lane is calm it is answered by two look-ups and a sum.
        """
        queue, tenant = order.queue, order.tenant
        usual_s = self._windows_s.get(queue.lane)
        if usual_s is None:
            return None
        if self._crowded_since and self._is_deferred(queue, tenant, now):
            reason = f"overload: {queue.tier} jobs wait for the {queue.lane} lane, as interactive ones do."
            return Wait(round(self._expected_s(order), 6), reason, "tier")
        behind = tenant in (waiting := self._waiting.get(queue, NOBODY) if self._waiting else NOBODY)
        out = self._out.get(queue)
        mine_s = None if out is None else out.seconds.get(tenant)
        if not behind and (out is None or mine_s is None):
            return None
        expected_s = self._expected_s(order)
        total_s = expected_s if out is None else out.total_s + expected_s
        calm = not waiting and out is not None
        if calm and (total_s <= FLOOR_S or (total_s <= usual_s and out is not None and not out.is_shared(tenant, now))):
            return None
        window_s = self.window_s(queue, tenant, now)
        mine_s = mine_s or 0.0
        if not behind and self._fits(queue, tenant, mine_s, total_s - expected_s, expected_s, window_s):
            return None
        self.pressed = True
        why = "others of its own wait before it" if behind else f"about {in_steps_s(window_s):g} s are let out at once"
        return Wait(
            round(expected_s, 6),
            f"fair_share: {tenant} has {mine_s:.3g} s of work not begun on the {queue.lane} lane ({queue.tier}), and {why}.",
        )

    def has_room(self, queue: Queue, tenant: str, more: Mapping[str, float], expected_s: float, now: datetime) -> bool:
        """Whether one of a tenant's that wait may go, where tenants are about to have `more` out beside what they have. On a
        lane that has no window, or none any more, all may.
        """
        if queue.lane not in self._windows_s:
            return True
        if self._is_deferred(queue, tenant, now):
            return False
        out = self._out.get(queue)
        mine_s = more.get(tenant, 0.0) + (0.0 if out is None else out.seconds.get(tenant, 0.0))
        total_s = sum(more.values()) + (0.0 if out is None else out.total_s)
        window_s = self.window_s(queue, tenant, now)
        return mine_s <= 0.0 or self._fits(queue, tenant, mine_s, total_s, expected_s, window_s)

    def _fits(
        self, queue: Queue, tenant: str, mine_s: float, total_s: float, expected_s: float, window_s: float
    ) -> bool:
        """Whether there is room in its own share whatever the others have out, or at all where no other waits for it."""
        if mine_s + expected_s <= window_s * self.share(queue, tenant):
            return True
        return total_s + expected_s <= window_s and not self._others_wait(queue, tenant)

    def _others_wait(self, queue: Queue, tenant: str) -> bool:
        return any(each != tenant for each in self._waiting.get(queue, ()))

    def share(self, queue: Queue, tenant: str) -> float:
        """Its part of what may be out, by the weights of those who have work out or waiting."""
        out, mine = self._out.get(queue), self.weight(tenant)
        counted: Collection[str] = () if out is None else out.counts
        active = (0.0 if out is None else out.weight) + (0.0 if tenant in counted else mine)
        waiting = (each for each in self._waiting.get(queue, ()) if each != tenant and each not in counted)
        return mine / (active + sum(map(self.weight, waiting)))

    def window_s(self, queue: Queue, tenant: str, now: datetime) -> float:
        """How much may be out that was not begun. For several tenants no more than keeps the lane busy: what it is seen to do
        at once and one more, so that it grows to what there is; who says when it begins has nothing more to be seen. For one
        alone the window of the lane, which spares it the waiting.
        """
        out = self._out.get(queue)
        if out is None:
            return self._windows_s[queue.lane]
        unseen = max(0.0, out.at_once - out.begun)
        busy_s = max(FLOOR_S, (unseen + 1.0) * out.mean_s + BETWEEN_S * out.at_once)
        shared = out.is_shared(tenant, now) or self._others_wait(queue, tenant)
        return busy_s if shared else max(busy_s, self._windows_s[queue.lane])

    def weight(self, tenant: str) -> float:
        return self._weights.get(tenant, 1.0)

    def let_out(self, attempt_id: UUID, job_id: UUID, order: Order, now: datetime) -> None:
        """The attempt is out. Repeatable."""
        number = attempt_id.int
        if order.queue.lane not in self._windows_s or number in self._flights:
            return
        sort = sort_of(order.kind, order.queue.lane, order.queue.tier, order.variables)
        expected_s = self.durations.expected_s(sort, order.variables, order.terms, order.budget_s)
        flight = Flight(job_id, order.tenant, order.queue, sort, expected_s, now)
        self._flights[number] = flight
        out = self._out.get(order.queue)
        if out is None:
            out = self._out[order.queue] = Outstanding()
        if order.tenant not in out.counts:
            out.weight += self.weight(order.tenant)
        out.counts[order.tenant] = out.counts.get(order.tenant, 0) + 1
        out.put(order.tenant, expected_s)
        out.seen(order.tenant, now)
        if len(self._flights) > FLIGHTS_MAX:
            self._land(next(iter(self._flights)))

    def began(self, attempt_id: UUID) -> None:
        """Somebody has begun with the attempt: nobody waits for it any more. Repeatable."""
        flight = self._flights.get(attempt_id.int)
        if flight is not None and not flight.begun:
            self._flights[attempt_id.int] = Flight(*flight[:-1], begun=True)
            out = self._out[flight.queue]
            out.take(flight.tenant, flight.expected_s)
            out.begun += 1

    def ended(self, attempt_id: UUID, run_s: float | None, now: datetime) -> None:
        """The attempt is out no more; `run_s`: how long it took, where that was told. Repeatable."""
        flight = self._land(attempt_id.int)
        if flight is not None and run_s is not None:
            self.durations.learn(flight.sort, run_s)
            self._out[flight.queue].done(run_s, now)

    def waits(self, queue: Queue, tenant: str, now: datetime) -> None:
        """A job of the tenant has come to wait."""
        self._crowded_since.setdefault(queue, now)
        known = self._waiting.get(queue, frozenset())
        if tenant not in known:
            self._waiting = {**self._waiting, queue: known | {tenant}}

    def ahead_s(self, queue: Queue) -> float:
        """How long what nobody has begun takes the lane, at what it was seen to do at once."""
        out = self._out.get(queue)
        return 0.0 if out is None else out.total_s / max(1.0, out.at_once)

    def is_crowded(self, queue: Queue) -> bool:
        """Whether anybody waits for a turn on it."""
        return bool(self._waiting.get(queue))

    def _is_deferred(self, queue: Queue, tenant: str, now: datetime) -> bool:
        urgent = self._waiting.get(queue._replace(tier="interactive"), NOBODY)
        return gives_way(tenant, urgent) and defers(self.relief(queue.lane, now), queue.tier)

    def relief(self, lane: Lane, now: datetime) -> Relief:
        """How far the lane is relieved, as jobs have waited for it for so long."""
        crowded = {queue.tier: at for queue, at in self._crowded_since.items() if queue.lane == lane}
        return relief_of({tier: (now - at).total_seconds() for tier, at in crowded.items()}) if crowded else "none"

    def relieved(self, now: datetime) -> frozenset[Lane]:
        """The lanes on which nothing is only measured now."""
        lanes = {queue.lane for queue in self._crowded_since}
        return frozenset(lane for lane in lanes if self.relief(lane, now) != "none")

    def still_waiting(self, waiting: Mapping[Queue, Iterable[str]], now: datetime) -> None:
        """Which tenants have jobs that wait for their turn, on each queue."""
        self._crowded_since = {queue: self._crowded_since.get(queue, now) for queue, some in waiting.items() if some}
        self._waiting = {queue: frozenset(tenants) for queue, tenants in waiting.items()}

    def old_flights(self, before: datetime, limit: int) -> dict[int, Flight]:
        """The attempts that are out since before a moment, the oldest first: those that were answered elsewhere are among
        them.
        """
        found: dict[int, Flight] = {}
        for number, flight in self._flights.items():
            if flight.since > before or len(found) >= limit:
                break
            found[number] = flight
        return found

    def forget(self, number: int) -> None:
        """The attempt of that number ended, and somebody else was told."""
        self._land(number)

    def keep(self, number: int, now: datetime) -> None:
        """The attempt of that number is out still: it is looked at again in its turn."""
        flight = self._flights.pop(number, None)
        if flight is not None:
            self._flights[number] = flight._replace(since=now)

    def out_s(self) -> Mapping[tuple[str, str, str], float]:
        """Seconds of work that are out, by lane, tier and tenant."""
        return {
            (queue.lane, queue.tier, tenant): seconds
            for queue, out in self._out.items()
            for tenant, seconds in out.seconds.items()
        }

    def _expected_s(self, order: Order) -> float:
        sort = sort_of(order.kind, order.queue.lane, order.queue.tier, order.variables)
        return self.durations.expected_s(sort, order.variables, order.terms, order.budget_s)

    def _land(self, number: int) -> Flight | None:
        flight = self._flights.pop(number, None)
        if flight is None:
            return None
        out, tenant = self._out[flight.queue], flight.tenant
        if flight.begun:
            out.begun -= 1
        else:
            out.take(tenant, flight.expected_s)
        out.counts[tenant] -= 1
        if not out.counts[tenant]:
            del out.counts[tenant]
            out.weight = sum(map(self.weight, out.counts)) if out.counts else 0.0
        return flight
