"""What acting on the answers of a pair brought: gathered by answer, compared where it is known of both.

An answer that nobody acted on and nobody reported of has not failed: such a pair shows nothing, and says whose outcome is
missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from queuebit_contracts.events import OutcomeReported
from queuebit_contracts.jobs import Number
from queuebit_contracts.outcomes import Brought
from queuebit_contracts.paths import Measure

AMOUNT_MAX: Final = Decimal(10) ** 15
"""As much as one report may say, and so much less a pair tells: reports that add up to more are none."""
OBJECTIVE_MAX: Final = 1e300
"""Beyond it no differences can be told: whole numbers have no bound where they are reported."""


@dataclass(frozen=True, slots=True)
class Report:
    """One report, and when it was recorded."""

    at: datetime
    objective: Number | None
    value: Brought | None


@dataclass(slots=True)
class Reports:
    """The reports of a job on their way, by the answer that they are of."""

    of_attempt: dict[UUID, list[Report]] = field(default_factory=dict)
    last: UUID | None = None

    def hear(self, at: datetime, event: OutcomeReported) -> None:
        """One that names no answer is of the last."""
        attempt_id = event.attempt_id or self.last
        if attempt_id is not None:
            self.of_attempt.setdefault(attempt_id, []).append(Report(at, event.objective, event.value))

    def of(self, attempt_id: UUID) -> tuple[Report, ...]:
        return tuple(self.of_attempt.get(attempt_id, ()))


def measured(reports: Iterable[Report], measure: Measure) -> Number | Brought | None:
    """What was reported of an answer, by this measure: the objective as it was told last, or all that it brought; None where
    neither was told, or in two currencies, or more than can be told.
    """
    if measure == "outcome_objective":
        last = next((each.objective for each in reversed([*reports]) if each.objective is not None), None)
        return None if last is None or abs(last) > OBJECTIVE_MAX else last
    sums = brought(reports)
    return next(iter(sums)) if len(sums) == 1 else None


def brought(reports: Iterable[Report]) -> Sequence[Brought]:
    """What reports say in money, by currency."""
    sums: dict[str, Decimal] = {}
    for each in reports:
        if each.value is not None:
            sums[each.value.currency] = sums.get(each.value.currency, Decimal(0)) + Decimal(each.value.amount)
    return tuple(
        Brought(amount=f"{amount:f}", currency=currency)
        for currency, amount in sorted(sums.items())
        if abs(amount) < AMOUNT_MAX
    )


def added(sums: Mapping[str, Decimal], values: Iterable[Brought]) -> dict[str, Decimal]:
    """Sums by currency with these as well."""
    found = dict(sums)
    for each in values:
        found[each.currency] = found.get(each.currency, Decimal(0)) + Decimal(each.amount)
    return found
