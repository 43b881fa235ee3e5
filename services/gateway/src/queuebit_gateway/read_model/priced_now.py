"""A question at the prices of now: read what charges, what may be spent, and plan it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from queuebit_domain.policy.tables import Policy
from queuebit_gateway.read_model.backends import views_of
from queuebit_gateway.read_model.dry_run import planned_now
from queuebit_gateway.read_model.pricing import Priced, priced, purse_of
from queuebit_problems.admission import Admitted
from queuebit_store.backends.port import BackendReports
from queuebit_store.budgets.port import Budgets


class PricingStore(BackendReports, Budgets, Protocol):
    """Where reports of backends, prices and budgets lie."""


async def priced_now(store: PricingStore, admitted: Admitted, policy: Policy, now: datetime) -> tuple[Priced, str]:
    """What the question may cost at most, and by which plan. Raises Refusal quote_unavailable, and StoreUnavailable."""
    reports, prices = await store.reported_backends(), await store.prices()
    accounts = await store.standing(admitted.request.tenant, now)
    planned, job = planned_now(admitted, views_of(reports, now, detailed=False), now, policy)
    return priced(job, purse_of(reports, prices, accounts, now)), planned.plan
