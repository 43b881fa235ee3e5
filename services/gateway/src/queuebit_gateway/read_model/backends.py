"""What is shown of backends: the last report of each, and never an old one as how things are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from queuebit_contracts.backends import REPORT_AGE_S_MAX, BackendRuns, BackendState, BackendView
from queuebit_contracts.events import BackendStatusReported
from queuebit_domain.projections.backend_runs import figures
from queuebit_store.backends.port import ReportedBackend


def views_of(reports: Iterable[ReportedBackend], now: datetime, *, detailed: bool) -> list[BackendView]:
    """The backends as they are shown now. `detailed`: with the provider's own words and with how much ran there for all tenants
    together, which are for those who run it. A newer worker may say words that this version does not know: then those parts
    are left out, and a backend whose lane or state they concern is.
    """
    known = ((each, _status(each.status)) for each in reports)
    return [_view(each, status, now, detailed=detailed) for each, status in known if status is not None]


def statuses_of(reports: Iterable[ReportedBackend]) -> list[tuple[BackendStatusReported, datetime]]:
    """What each says of itself, as far as this version knows the words, and when."""
    known = ((_status(each.status), each.reported_at) for each in reports)
    return [(status, at) for status, at in known if status is not None]


def _status(said: Mapping[str, Any]) -> BackendStatusReported | None:
    try:
        return BackendStatusReported.model_validate(said)
    except ValidationError as error:
        unknown = {each["loc"][0] for each in error.errors() if each["loc"]}
    try:
        return BackendStatusReported.model_validate({name: each for name, each in said.items() if name not in unknown})
    except ValidationError:
        return None


def _runs(said: Mapping[str, Any] | None, *, detailed: bool) -> BackendRuns | None:
    """How long one waits there concerns everybody; how much ran there would tell of other tenants."""
    if said is None:
        return None
    found = figures(said)
    return found if detailed else found.model_copy(update={"total": None, "failed": None, "last_at": None})


def _view(report: ReportedBackend, status: BackendStatusReported, now: datetime, *, detailed: bool) -> BackendView:
    age_s = max(0.0, (now - report.reported_at).total_seconds())
    stale = age_s > REPORT_AGE_S_MAX
    state: BackendState = "stale" if stale else "available" if status.available else "unavailable"
    calibrated_at = status.calibrated_at
    return BackendView(
        name=report.backend,
        lane=status.lane,
        state=state,
        reported_at=report.reported_at,
        report_age_s=age_s,
        provider=status.provider,
        qubits_max=status.qubits_max,
        queue_length=None if stale else status.queue_length,
        calibrated_at=calibrated_at,
        calibration_age_s=None if calibrated_at is None else max(0.0, (now - calibrated_at).total_seconds()),
        capabilities=status.capabilities,
        calibration=status.calibration,
        runs=_runs(report.runs, detailed=detailed),
        drift=status.drift,
        region=status.region,
        region_named=status.region_named,
        detail=status.detail if detailed else None,
    )
