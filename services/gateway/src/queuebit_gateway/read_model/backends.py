"""What is shown of backends: the last report of each, and never an old one as how things are."""

from __future__ import annotations

from datetime import datetime

from queuebit_contracts.backends import REPORT_AGE_S_MAX, BackendState, BackendView
from queuebit_contracts.events import BackendStatusReported
from queuebit_domain.projections.backend_runs import figures
from queuebit_store.backends.port import ReportedBackend


def view_of(report: ReportedBackend, now: datetime, *, detailed: bool) -> BackendView:
    """The backend as it is shown now; `detailed`: with the provider's own words, which are for those who run it."""
    status = BackendStatusReported.model_validate(report.status)
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
        runs=None if report.runs is None else figures(report.runs),
        detail=status.detail if detailed else None,
    )
