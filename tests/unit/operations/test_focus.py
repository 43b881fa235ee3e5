"""What attempts cost, as FOCUS: a row for each attempt and currency, also of those that failed or came late; a validator."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from queuebit_contracts import events as ev
from queuebit_contracts.failures import FailureCode
from queuebit_contracts.jobs import Cost, Money, Ran, Usage
from queuebit_operations.budgets import focus
from queuebit_workbench.witnesses import focus_validator
from queuebit_workbench.witnesses.errors import WitnessMissing
from tests.builders import JOB_ID, NOW, a_failure, a_success

PAID = Cost(amount="1.324", currency="USD", further=(Money(amount="0.50", currency="EUR"),))
ANSWERED = a_success(
    "primary-quantum",
    ran=Ran(lane="quantum", method="qaoa", backend="ibm_b"),
    usage=Usage(wall_s=4.0, qpu_s=2.5, shots=1024),
    cost=PAID,
    started_at=NOW,
    finished_at=NOW + timedelta(seconds=4),
)
FAILED = a_failure(
    "primary-quantum", code=FailureCode.BACKEND_UNAVAILABLE, usage=Usage(wall_s=2.0, qpu_s=1.0), backend="ibm_b",
    cost=Cost(amount="0.10", currency="USD"),
)  # fmt: skip
LATE = ev.LateUsageReported(
    report_id=UUID(int=1), attempt_id=UUID(int=2), leg="primary-quantum", came="usage", backend="braket_a",
    cost=Cost(amount="0.00035", currency="USD"),
)  # fmt: skip


def rows(*events: ev.JobEvent) -> list[dict[str, str]]:
    found = (focus.paid_by(JOB_ID, "acme", event, NOW) for event in events)
    return [row for paid in found if paid is not None for row in focus.rows_of(paid, "here")]


def test_an_answer_that_was_paid_in_two_currencies_is_two_rows() -> None:
    first, second = rows(ANSWERED)

    assert (first["BilledCost"], first["BillingCurrency"], second["BilledCost"], second["BillingCurrency"]) == (
        "1.324", "USD", "0.50", "EUR",
    )  # fmt: skip
    told = {
        name: first[name] for name in ("ChargePeriodStart", "ChargePeriodEnd", "BillingPeriodStart", "SubAccountId")
    }
    assert told == {
        "ChargePeriodStart": "2026-01-02T03:04:05Z",
        "ChargePeriodEnd": "2026-01-02T03:04:09Z",
        "BillingPeriodStart": "2026-01-01T00:00:00Z",
        "SubAccountId": "acme",
    }
    assert (first["ConsumedQuantity"], first["ConsumedUnit"], first["x_JobId"], first["x_QpuSeconds"]) == (
        "1024", "Shots", str(JOB_ID), "2.5",
    )  # fmt: skip
    assert tuple(first) == (*focus.COLUMNS, *focus.ALSO_CALLED)


def test_failures_and_late_reports_cost_too_and_what_is_free_is_no_row() -> None:
    failed, late = rows(FAILED, LATE, a_success(), ev.JobExpired(deadline=NOW))

    assert (failed["x_Outcome"], failed["ChargePeriodStart"], failed["ConsumedUnit"]) == (
        "failure", "2026-01-02T03:04:03Z", "Seconds",
    )  # fmt: skip
    assert (late["x_Outcome"], late["BilledCost"], late["ProviderName"]) == ("late usage", "0.00035", "braket_a")
    assert late["ChargePeriodStart"] < late["ChargePeriodEnd"]


def test_the_rows_add_up_to_what_was_paid_exactly() -> None:
    found = rows(ANSWERED, FAILED, LATE)

    by_currency: dict[str, Decimal] = {}
    for row in found:
        by_currency[row["BillingCurrency"]] = by_currency.get(row["BillingCurrency"], Decimal(0)) + Decimal(
            row["BilledCost"]
        )
    assert by_currency == {"USD": Decimal("1.42435"), "EUR": Decimal("0.50")}


def test_the_last_month_of_a_year_ends_with_it() -> None:
    december = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    (row,) = rows(FAILED.model_copy()) and [
        each
        for paid in [focus.paid_by(JOB_ID, "acme", LATE, december)]
        if paid is not None
        for each in focus.rows_of(paid, "here")
    ]

    assert (row["BillingPeriodStart"], row["BillingPeriodEnd"]) == ("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z")


def _file(tmp_path: Path, found: list[dict[str, str]]) -> Path:
    text = io.StringIO()
    focus.write(text, found, header=True)
    file = tmp_path / "costs.csv"
    file.write_text(text.getvalue())
    assert len(list(csv.DictReader(io.StringIO(text.getvalue())))) == len(found)
    return file


def test_focus_validator_accepts_it_and_would_not_accept_less(tmp_path: Path) -> None:
    try:
        program = focus_validator.found()
    except WitnessMissing as missing:
        pytest.skip(str(missing))

    assert focus_validator.complaints(program, _file(tmp_path, rows(ANSWERED, FAILED, LATE))) == ""
    wrong = [{**row, "BillingCurrency": "QBT"} for row in rows(ANSWERED)]
    assert "BillingCurrency" in focus_validator.complaints(program, _file(tmp_path, wrong))
