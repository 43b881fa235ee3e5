"""What the server says would become of a question, as the client reads it."""

from __future__ import annotations

from datetime import datetime

from queuebit_client.models import Plan
from queuebit_contracts.model import Model


class Eta(Model):
    """When an answer may be there, in seconds from now, and what that is known from."""

    expected_s: float
    at_most_s: float
    at_most_at: datetime
    basis: tuple[str, ...] = ()


class CostForecast(Model):
    """What it will cost; `amount` is None where nobody knows beforehand."""

    amount: str | None = None
    currency: str | None = None
    detail: str = ""


class DryRun(Model):
    """What would become of a question that is valid. Nothing was stored."""

    kind: str
    tier: str
    lane: str
    fingerprint: str
    size: dict[str, int]
    plan: Plan
    eta: Eta
    cost: CostForecast
