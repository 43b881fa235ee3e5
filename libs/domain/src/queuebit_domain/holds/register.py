"""The register of holds: one stream, folded into what is in force; and the rules for placing, easing and lifting a hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, assert_never
from uuid import UUID

from queuebit_contracts.operators import (
    HoldEased,
    HoldEvent,
    HoldPlaced,
    HoldReleased,
    HoldScope,
)

REGISTER_ID = UUID("ffffffff-ffff-8000-8000-000000000001")
"""The stream of the register. The time in its id is the last there is: it is never among what is archived."""
CATEGORY = "hold"
OPERATOR = "(operators)"
"""Whose stream it is: no tenant's."""
HEAD_STATE = "kept"
"""What its head says, which nobody lists."""
LIFTED_BY = "control-plane"
"""Who lifts an eased hold when nothing waits behind it any more."""


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold in force. `rate_per_s`: how many jobs a second it lets through since it was eased; None where it lets none."""

    number: int
    why: Literal["pause", "quarantine"]
    scope: HoldScope
    value: str
    actor: str
    reason: str
    placed_at: datetime
    rate_per_s: float | None = None

    @property
    def name(self) -> str:
        """What it covers, in words."""
        return "everything" if self.scope == "all" else f"{self.scope} {self.value}"


@dataclass(frozen=True, slots=True)
class Holds:
    """The register after `version` events: what is in force, the oldest first."""

    version: int = 0
    holds: tuple[Hold, ...] = ()

    def numbered(self, number: int) -> Hold | None:
        """The hold of that number, while it is in force."""
        return next((hold for hold in self.holds if hold.number == number), None)

    def on(self, scope: HoldScope, value: str) -> Hold | None:
        """The hold on exactly this."""
        return next((hold for hold in self.holds if (hold.scope, hold.value) == (scope, value)), None)


NO_HOLDS = Holds()


def evolve_holds(holds: Holds, event: HoldEvent, at: datetime) -> Holds:
    """The register after one more event, recorded at `at`."""
    version = holds.version + 1
    match event:
        case HoldPlaced():
            placed = Hold(version, event.why, event.scope, event.value, event.actor, event.reason, at)
            return Holds(version, (*holds.holds, placed))
        case HoldEased():
            eased = [
                replace(hold, rate_per_s=event.rate_per_s) if hold.number == event.hold else hold
                for hold in holds.holds
            ]
            return Holds(version, tuple(eased))
        case HoldReleased():
            return Holds(version, tuple(hold for hold in holds.holds if hold.number != event.hold))
        case _:
            assert_never(event)


def place(holds: Holds, wanted: HoldPlaced) -> Sequence[HoldEvent]:
    """What happens when somebody places a hold. One that stands is not placed twice; one that was eased closes again, and one
    that only waits gives way to a quarantine.
    """
    standing = holds.on(wanted.scope, wanted.value)
    if standing is None:
        return [wanted]
    if standing.rate_per_s is None and wanted.why in ("pause", standing.why):
        return []
    return [HoldReleased(hold=standing.number, actor=wanted.actor, reason=wanted.reason), wanted]


def lift(holds: Holds, hold: Hold, *, actor: str, reason: str, rate_per_s: float | None = None) -> Sequence[HoldEvent]:
    """What happens when somebody lifts a hold: all that it held flows at once, or at most so many jobs a second."""
    standing = holds.numbered(hold.number)
    if standing is None or (rate_per_s is not None and standing.rate_per_s == rate_per_s):
        return []
    if rate_per_s is None:
        return [HoldReleased(hold=hold.number, actor=actor, reason=reason)]
    return [HoldEased(hold=hold.number, rate_per_s=rate_per_s, actor=actor, reason=reason)]
