"""A clock of a service that can be set while it runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from queuebit_devstack.supervise import service_specs
from queuebit_workbench.faults.own_clock import shift
from queuebit_workbench.faults.services import clock_file, set_clock, with_own_clock


def test_the_clock_goes_by_the_file_and_is_right_without_one(tmp_path: Path) -> None:
    class Clock:
        def now(self) -> datetime:
            return datetime(2026, 5, 4, tzinfo=UTC)

    shift(Clock, clock_file(tmp_path, "gateway"))  # type: ignore[arg-type]
    right = Clock().now()
    set_clock(tmp_path, "gateway", timedelta(hours=-1))
    back = Clock().now()
    set_clock(tmp_path, "gateway", timedelta(0))

    assert (right, back, Clock().now()) == (right, right - timedelta(hours=1), right)


def test_a_service_with_its_own_clock_is_still_itself(tmp_path: Path) -> None:
    plain = service_specs(1, names=("control_plane",))
    (spec,) = with_own_clock(tmp_path, plain)

    assert spec.principal == plain[0].principal == "control-plane"
    assert spec.argv[-2:] == (str(clock_file(tmp_path, "control_plane")), "queuebit_control_plane")
