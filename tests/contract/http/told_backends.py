"""Backends that have reported to a gateway."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from queuebit_contracts.backends import BackendCapabilities, BackendDrift, CalibrationSummary
from queuebit_contracts.envelope import encode_data
from queuebit_contracts.events import BackendStatusReported
from queuebit_domain.projections.backend_runs import BACKEND_RUNS
from queuebit_store.backends.port import ReportedBackend
from tests.contract.http.running_gateway import RunningGateway

CAN = BackendCapabilities(
    shots_max=1000, circuits_max=10, noise="ibm_b", exact=False, estimates=True, repeats=False, annealer=False,
    recovery="fence", lag_s=330.0,
)  # fmt: skip

DRIFT = BackendDrift(
    probes=40, last_at="2026-03-01T00:00:00Z", survival=0.78, usual=0.87, statistic=6.25, limit=5.0, drifted=True,
    since="2026-02-28T21:00:00Z",
)  # fmt: skip


async def keep(world: RunningGateway, backend: str, age_s: float = 1.0, **status: Any) -> None:
    now = world.clock.now()
    told = BackendStatusReported(backend=backend, available=status.pop("available", True), **status)
    document = json.loads(encode_data(told))
    await world.store.keep_reports([ReportedBackend(backend, now - timedelta(seconds=age_s), document)])


async def fill(world: RunningGateway) -> None:
    """A device that is well known, one that has been silent for long, and a simulator of which little is known."""
    calibrated_at = world.clock.now() - timedelta(hours=3)
    calibration = CalibrationSummary(qubits=127, two_qubit_error=0.0076)
    await keep(
        world, "ibm_b", lane="quantum", queue_length=7, qubits_max=127, capabilities=CAN, calibrated_at=calibrated_at,
        calibration=calibration, detail="active", provider="sdk 1", drift=DRIFT,
    )  # fmt: skip
    await keep(world, "ibm_old", age_s=301.0, lane="quantum", queue_length=3)
    await keep(world, "aer", lane="simulator", available=False)
    build = await world.store.create_build(BACKEND_RUNS, live=True)
    runs = {"total": 5, "failed": 1, "last": [["2026-03-01T00:00:00+00:00", 60.0, 62.5]]}
    world.store.database.projected[build.build]["ibm_b",] = ("ibm_b", runs)
