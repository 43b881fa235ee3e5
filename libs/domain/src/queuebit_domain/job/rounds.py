"""Quantum in the loop: one round behind the other, from the best answer so far, as long as it is worth it."""

from __future__ import annotations

from decimal import Decimal

from queuebit_contracts.jobs import Cost, Money
from queuebit_domain.job.choosing import gain_ppm, objective_of
from queuebit_domain.job.state import Answered, Idle, LegState, OpenJob, Spent, accepted, best_first


def goes_on(job: OpenJob, leg: LegState) -> bool:
    """Whether a leg that is the next round of another may start: that one is over, gained enough, and money is left."""
    following = leg.spec.round
    assert following is not None
    before = next((each for each in job.legs if each.spec.leg == following.after), None)
    if before is None or not isinstance(before.status, Answered | Spent):
        return False
    if following.cost_max is not None and _paid_out(job.cost, following.cost_max):
        return False
    return following.min_gain_ppm is None or _gained(job, before, following.min_gain_ppm)


def _paid_out(paid: Cost, most: Money) -> bool:
    """Whether so much was paid. What was paid in another currency cannot be compared, and counts as too much."""
    if paid.further is not None or (Decimal(paid.amount) and paid.currency != most.currency):
        return True
    return Decimal(paid.amount) >= Decimal(most.amount)


def _gained(job: OpenJob, last: LegState, least_ppm: int) -> bool:
    """Whether the last round was better than what was there before it by so much. Without anything before it, it was."""
    others = [leg for leg in job.legs if leg is not last and accepted(leg) and not isinstance(leg.status, Idle)]
    if not others or not isinstance(last.status, Answered):
        return not others
    gained = gain_ppm(objective_of(last), objective_of(best_first(others, job.sense)[0]), job.sense)
    return gained is not None and gained >= least_ppm
