"""What a question may cost at most at the price list of now: the same estimate by which the control plane sets money aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from queuebit_contracts.jobs import BACKEND_PARAM, JobRequest, Lane, Leg, LegName, Money
from queuebit_contracts.money import CostPart
from queuebit_domain.holds.lanes import Lanes
from queuebit_domain.job.plans import params_of
from queuebit_domain.job.spending import charged_legs, expected_cost
from queuebit_domain.job.state import OpenJob
from queuebit_domain.money.estimates import Price
from queuebit_domain.money.purse import Account, Purse, path_of
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.read_model.backends import statuses_of
from queuebit_store.backends.port import ReportedBackend
from queuebit_store.budgets.port import AccountRow, PriceRow

NAME_ONE = "Name the backend in `params.backend`, so that the offer is for one."


@dataclass(frozen=True, slots=True)
class Priced:
    """What the one leg that is paid for may cost at most. `fits`: whether every budget above it has that left; None where the
    tenant has no budget. `short`: the first that has not.
    """

    leg: LegName
    lane: Lane
    backend: str
    amount: Money
    parts: tuple[CostPart, ...]
    fits: bool | None
    short: str | None


def purse_of(
    reports: Sequence[ReportedBackend], prices: Sequence[PriceRow], accounts: Sequence[AccountRow], now: datetime
) -> Purse:
    """What may be spent and what charges, as the control plane would see it now."""
    lanes = Lanes()
    for status, at in statuses_of(reports):
        lanes.report(status, at)
    listed = {row.backend: Price(row.backend, row.currency, row.task, row.shot, row.second) for row in prices}
    charging, free = lanes.paid(now, listed.keys())
    own = tuple(
        Account(row.account, row.name, row.purpose, row.currency, row.left, row.resets_at)  # type: ignore[arg-type]
        for row in accounts
    )
    return Purse(own, listed, charging, free)


def priced(job: OpenJob, purse: Purse) -> Priced:
    """Raises Refusal quote_unavailable where nothing is paid for, more than one thing is, or nobody knows the price."""
    charged = charged_legs(job, purse)
    if not charged:
        raise Refusal("quote_unavailable", "No leg of its plan runs where anybody charges for it.")
    leg = charged[0]
    asked = purse.payable(leg.spec.lane, _asked(job.request, leg.spec))
    if len(asked) > 1:
        raise Refusal("quote_unavailable", f"It may go to {', '.join(sorted(asked))}.", remedy=NAME_ONE)
    found = expected_cost(job, leg, purse)
    if isinstance(found, str):
        raise Refusal("quote_unavailable", found)
    request = job.request
    path = path_of(request.tenant, request.labels, request.problem.kind)
    accounts = [each for each in purse.on_path(path, "production") if each.currency == found.amount.currency]
    short = next((each.name for each in accounts if each.left < Decimal(found.amount.amount)), None)
    fits = bool(accounts) and short is None if purse.capped else None
    return Priced(leg.spec.leg, leg.spec.lane, found.backend, found.amount, found.parts, fits, short)


def _asked(request: JobRequest, leg: Leg) -> str | None:
    named = params_of(request, leg).get(BACKEND_PARAM)
    return None if named is None else str(named)
