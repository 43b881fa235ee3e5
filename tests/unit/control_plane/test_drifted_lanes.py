"""What standing probes say of a lane's backends is a fact that policies may ask."""

from __future__ import annotations

from datetime import timedelta

from queuebit_contracts.backends import REPORT_AGE_S_MAX, BackendDrift
from queuebit_contracts.events import BackendStatusReported
from queuebit_domain.holds.lanes import Lanes, LaneState
from queuebit_domain.policy.facts import FACTS, Facts
from tests.builders import NOW

LATER = NOW + timedelta(seconds=REPORT_AGE_S_MAX + 1.0)


def reported(lanes: Lanes, backend: str, *, statistic: float | None, available: bool = True) -> None:
    drift = None
    if statistic is not None:
        drift = BackendDrift(
            probes=9, last_at=NOW, survival=0.8, statistic=statistic, limit=5.0, drifted=statistic > 5.0
        )
    lanes.report(BackendStatusReported(backend=backend, lane="quantum", available=available, drift=drift), NOW)


def test_the_available_backends_that_have_drifted_are_counted_and_nothing_is_said_where_none_is_probed() -> None:
    lanes = Lanes()
    reported(lanes, "plain", statistic=None)
    assert lanes.state("quantum", NOW) == LaneState()

    reported(lanes, "steady", statistic=0.5)
    assert lanes.state("quantum", NOW) == LaneState(drifted=0)
    reported(lanes, "moved", statistic=5.5)
    reported(lanes, "gone", statistic=9.0, available=False)
    assert lanes.state("quantum", NOW) == LaneState(drifted=1)
    assert lanes.state("quantum", LATER) == LaneState()


def test_it_is_a_fact_that_may_be_unknown() -> None:
    assert (FACTS["quantum_drifted"].optional, FACTS["quantum_drifted"].type) == (True, "count")
    assert Facts._field_defaults["quantum_drifted"] is None
