"""What attempts cost, as rows of FOCUS 1.0 (FinOps Open Cost and Usage Specification). Pure."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple, TextIO
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.events import JobEvent
from queuebit_contracts.jobs import Cost, Lane, Usage

TYPES: Final = ("ExecutionSucceeded", "ExecutionFailed", "LateUsageReported")
"""The events that say what was paid."""
COLUMNS: Final = (
    "AvailabilityZone", "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd",
    "BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency", "ChargePeriodEnd",
    "ChargePeriodStart", "CommitmentDiscountCategory", "CommitmentDiscountId", "CommitmentDiscountName",
    "CommitmentDiscountStatus", "CommitmentDiscountType", "ConsumedQuantity", "ConsumedUnit", "ContractedCost",
    "ContractedUnitPrice", "EffectiveCost", "InvoiceIssuerName", "ListCost", "ListUnitPrice", "PricingCategory",
    "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName", "RegionId", "RegionName", "ResourceId",
    "ResourceName", "ResourceType", "ServiceCategory", "ServiceName", "SkuId", "SkuPriceId", "SubAccountId",
    "SubAccountName", "Tags", "x_JobId", "x_Leg", "x_AttemptId", "x_Outcome", "x_Shots", "x_QpuSeconds",
)  # fmt: skip
"""In the order of the file. Those with `x_` are ours, as FOCUS has it."""
ALSO_CALLED: Final = {
    "InvoiceIssuer": "InvoiceIssuerName", "Provider": "ProviderName", "Publisher": "PublisherName",
    "ResourceID": "ResourceId", "ChargeType": "ChargeCategory",
}  # fmt: skip
"""Names by which tools of 1.0 look for columns too, focus-validator 1.0.0 among them: the same again."""
SERVICE: Final = {"quantum": "Quantum computing", "simulator": "Quantum simulation"}
UNKNOWN: Final = "unknown"


class Paid(NamedTuple):
    """What one event says was paid, and for what. `lane` is not told of an attempt that failed."""

    job_id: UUID
    tenant: str
    leg: str
    attempt_id: UUID
    outcome: str
    backend: str | None
    lane: Lane | None
    usage: Usage
    cost: Cost
    began_at: datetime
    ended_at: datetime


def paid_by(job_id: UUID, tenant: str, event: JobEvent, at: datetime) -> Paid | None:
    """What an event that was recorded at `at` says was paid; None where it is about nothing that costs."""
    match event:
        case ev.ExecutionSucceeded():
            about: tuple[str, str | None, Lane | None] = ("answer", event.ran.backend, event.lane)
            times = (event.started_at, max(event.started_at, event.finished_at))
        case ev.ExecutionFailed():
            about, times = ("failure", event.backend, None), (at - timedelta(seconds=event.usage.wall_s), at)
        case ev.LateUsageReported():
            about, times = (f"late {event.came}", event.backend, None), (at, at)
        case _:
            return None
    paid = Paid(job_id, tenant, event.leg, event.attempt_id, *about, event.usage, event.cost, *times)
    return paid if any(amount for _, amount in amounts(paid)) else None


def amounts(paid: Paid) -> Iterator[tuple[str, Decimal]]:
    """What was paid, by currency, nothing left out."""
    yield paid.cost.currency, Decimal(paid.cost.amount)
    for each in paid.cost.further or ():
        yield each.currency, Decimal(each.amount)


def rows_of(paid: Paid, account: str) -> Iterator[dict[str, str]]:
    """A row for each currency that was paid in. `account`: the installation that the bill is of."""
    begins, ends = _month(paid.ended_at)
    backend = paid.backend or UNKNOWN
    period_ends = max(paid.ended_at, paid.began_at + timedelta(seconds=1))
    shots, seconds = paid.usage.shots, paid.usage.qpu_s
    quantity, unit = (Decimal(shots), "Shots") if shots else (Decimal(str(seconds)), "Seconds")
    for currency, amount in amounts(paid):
        if not amount:
            continue
        told = {
            "BilledCost": f"{amount:f}",
            "BillingAccountId": account,
            "BillingAccountName": account,
            "BillingCurrency": currency,
            "BillingPeriodStart": _time(begins),
            "BillingPeriodEnd": _time(ends),
            "ChargeCategory": "Usage",
            "ChargeDescription": f"{paid.outcome} of {paid.leg} on {backend}",
            "ChargeFrequency": "Usage-Based",
            "ChargePeriodStart": _time(paid.began_at),
            "ChargePeriodEnd": _time(period_ends),
            "ConsumedQuantity": f"{quantity:f}" if quantity else "",
            "ConsumedUnit": unit if quantity else "",
            "ContractedCost": f"{amount:f}",
            "EffectiveCost": f"{amount:f}",
            "InvoiceIssuerName": backend,
            "ListCost": f"{amount:f}",
            "PricingCategory": "Standard",
            "ProviderName": backend,
            "PublisherName": backend,
            "ResourceId": backend,
            "ResourceName": backend,
            "ResourceType": "Backend",
            "ServiceCategory": "Compute",
            "ServiceName": SERVICE.get(paid.lane or "quantum", "Optimisation"),
            "SkuId": f"{backend}/{paid.lane or UNKNOWN}",
            "SkuPriceId": f"{backend}/{paid.lane or UNKNOWN}/{currency}",
            "SubAccountId": paid.tenant,
            "SubAccountName": paid.tenant,
            "Tags": json.dumps({"job": str(paid.job_id), "leg": paid.leg}),
            "x_JobId": str(paid.job_id),
            "x_Leg": paid.leg,
            "x_AttemptId": str(paid.attempt_id),
            "x_Outcome": paid.outcome,
            "x_Shots": str(shots),
            "x_QpuSeconds": f"{Decimal(str(seconds)):f}",
        }
        row = {name: told.get(name, "") for name in COLUMNS}
        yield row | {name: row[column] for name, column in ALSO_CALLED.items()}


def write(file: TextIO, rows: Iterable[dict[str, str]], *, header: bool) -> None:
    """Rows as CSV."""
    writer = csv.DictWriter(file, (*COLUMNS, *ALSO_CALLED), lineterminator="\n")
    if header:
        writer.writeheader()
    writer.writerows(rows)


def _month(at: datetime) -> tuple[datetime, datetime]:
    begins = at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return begins, (begins + timedelta(days=32)).replace(day=1)


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
