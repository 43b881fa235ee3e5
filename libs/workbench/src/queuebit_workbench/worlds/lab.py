"""One path in a made-up world: asked, measured, folded and judged as the control plane does it, on a clock that is moved by
hand.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

from queuebit_contracts.jobs import Cost, Money
from queuebit_contracts.paths import GateSpec, PathEvent, PathKey, PathRegistered
from queuebit_domain.paths.case import Case
from queuebit_domain.paths.deciding import fold_ready, look, promote
from queuebit_domain.paths.judging import has_room, judge
from queuebit_domain.paths.pairing import settled
from queuebit_domain.paths.state import NoPath, Path, evolve_path
from queuebit_domain.paths.value import amount_in

BEGAN: Final = datetime(2026, 1, 5, tzinfo=UTC)
BETWEEN: Final = timedelta(hours=1)
"""The jobs of a cohort come this far apart."""
AUDITED: Final = 0.05
"""Of what a path in production answers, so much is answered classically too, for ever."""
EUR: Final = "EUR"

Nature = Callable[[Random, int, datetime], Case | None]
"""What the next job of a world is, with all that will ever become of it; None where routing keeps it from the path."""


def a_path(budget: str = "100", price: str = "0.50", **changes: Any) -> PathRegistered:
    """A path as somebody registers it: measured from shadow on, on every job of its cohort."""
    spec = GateSpec(**{"sample": 1.0, **changes.pop("spec", {})})
    return PathRegistered(
        **{
            "key": PathKey(kind="maxcut", size_band="m", tier="batch", version="5d1e0c7b9a334f21"),
            "name": "QAOA, ten layers",
            "lane": "quantum",
            "spec": spec,
            "budget": Money(amount=budget, currency=EUR),
            "price_max": Money(amount=price, currency=EUR),
            "start": "shadow",
            "owner": "engineer",
            "reason": "A new template.",
            **changes,
        }
    )


@dataclass
class Lab:
    """The path and what is out. `approver`: who lets it into a canary, where anyone does."""

    registered: PathRegistered
    approver: str | None = "reviewer"
    events: list[tuple[datetime, PathEvent]] = field(default_factory=list)
    out: deque[Case] = field(default_factory=deque)
    eligible: int = 0
    refused: int = 0
    path: Path = field(init=False)

    def __post_init__(self) -> None:
        self.path = evolve_path(NoPath(), self.registered, BEGAN)
        self.events.append((BEGAN, self.registered))

    @property
    def cost(self) -> Decimal:
        """What the path cost, with all that is out."""
        due = sum((amount_in(case.path.cost, EUR) for case in self.out if case.path is not None), Decimal(0))
        return amount_in(self.path.value.cost, EUR) + due

    def ask(self, case: Case, draw: float) -> bool:
        """A job of the cohort comes; whether the path is measured in it. `draw`: where it falls, from 0 to 1."""
        self.eligible += 1
        propensity = self._propensity()
        if draw >= propensity or not has_room(self.path, len(self.out)):
            self.refused += draw < propensity
            return False
        drawn = replace(case, stage=self.path.stage, propensity=propensity, eligible=self.eligible)
        self.out.append(drawn)
        self.eligible = 0
        return True

    def at(self, now: datetime) -> None:
        """Fold what is settled by now, in the order in which it was asked, and look at where that leads."""
        ready: list[Case] = []
        while self.out and settled(as_seen(self.out[0], now), self.registered, now):
            ready.append(as_seen(self.out.popleft(), now))
        if ready:
            events, self.path = fold_ready(self.path, ready, now)
            self.events += [(now, event) for event in events]
        self._take(look(self.path, now), now)
        if self.approver is not None and judge(self.path, now).word == "promote":
            self._take(promote(self.path, self.approver, "The evidence is there.", now), now)

    def live(self, nature: Nature, jobs: int, seed: int, until: Callable[[Path], bool] | None = None) -> None:
        """Let so many jobs come, or until the path stands so; then let all that is out be settled."""
        chance = Random(seed)
        now = BEGAN
        for nth in range(jobs):
            now = BEGAN + nth * BETWEEN
            self.at(now)
            if until is not None and until(self.path):
                break
            case = nature(chance, nth, now)
            if case is not None:
                self.ask(case, chance.random())
        self.at(now + timedelta(days=30))

    def _propensity(self) -> float:
        match self.path.stage:
            case "canary":
                return self.path.percent / 100
            case "production":
                return AUDITED
            case _:
                return self.registered.spec.sample

    def _take(self, events: Any, now: datetime) -> None:
        for event in events:
            self.path = evolve_path(self.path, event, now)
            self.events.append((now, event))


def as_seen(case: Case, now: datetime) -> Case:
    """The case as far as its answers are there."""
    path = None if case.path is None or case.path.at > now else case.path
    base = None if case.base is None or case.base.at > now else case.base
    return case if path is case.path and base is case.base else replace(case, path=path, base=base)


def paid(amount: str = "0.50") -> Cost:
    """What an attempt cost."""
    return Cost(amount=amount, currency=EUR)
