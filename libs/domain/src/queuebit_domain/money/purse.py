"""What a job may spend: the accounts of its tenant with what is left in each, the price lists, and what charges on which
lane.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from queuebit_contracts.jobs import Lane
from queuebit_contracts.money import ENVIRONMENT_LABEL, PROJECT_LABEL, Purpose
from queuebit_domain.money.estimates import Price

NONE: Final = "-"
"""Stands in the name of a budget where a job names no project or environment."""


class Account(NamedTuple):
    """One budget in its present window. `resets_at`: when the next one begins; None where none does."""

    account: str
    name: str
    purpose: Purpose
    currency: str
    left: Decimal
    resets_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Purse:
    """`charging`: the backends of each lane that charge, whether their price is known or not; `free`: those that do not."""

    accounts: tuple[Account, ...] = ()
    prices: Mapping[str, Price] = field(default_factory=dict)
    charging: Mapping[Lane, frozenset[str]] = field(default_factory=dict)
    free: Mapping[Lane, frozenset[str]] = field(default_factory=dict)

    @property
    def capped(self) -> bool:
        """Whether the tenant has any budget: one that has none is not bounded."""
        return bool(self.accounts)

    def payable(self, lane: Lane, asked: str | None) -> frozenset[str]:
        """The backends of a lane that may charge an attempt, or the one that is asked for. Of the quantum lane what is not
        known to be free may charge.
        """
        charging, free = self.charging.get(lane, frozenset()), self.free.get(lane, frozenset())
        if asked is not None:
            return frozenset({asked}) if asked in charging or (lane == "quantum" and asked not in free) else frozenset()
        return charging if charging or free or lane != "quantum" else frozenset({UNKNOWN})

    def on_path(self, names: tuple[str, ...], purpose: Purpose) -> list[Account]:
        """The accounts that an attempt of this path and purpose draws on, in all currencies."""
        return [each for each in self.accounts if each.purpose == purpose and each.name in names]


UNKNOWN: Final = "a backend that has not reported"
NO_PURSE: Final = Purse()
"""Nothing is charged, nothing is bounded."""


def path_of(tenant: str, labels: Mapping[str, str], kind: str) -> tuple[str, ...]:
    """The names of the budgets that a job stands under: tenant, project, environment, and kind within it."""
    project = f"{tenant}/{labels.get(PROJECT_LABEL) or NONE}"
    environment = f"{project}/{labels.get(ENVIRONMENT_LABEL) or NONE}"
    return tenant, project, environment, f"{environment}/{kind}"
