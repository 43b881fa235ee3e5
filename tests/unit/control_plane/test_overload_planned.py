"""While jobs wait for a lane, new plans measure nothing on it; the plan of the release measures nothing anyway."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import pytest

from queuebit_contracts.jobs import Lane
from queuebit_control_plane.inbound.planning import Planning
from queuebit_domain.holds.lanes import Lanes
from queuebit_domain.policy.tables import Policy
from queuebit_problems.admission import admit
from tests.builders import NOW, a_request
from tests.unit.policy.policies import a_policy, measured

TRIAL = a_policy(experiments=[measured("trial", "simulator")])


async def trial() -> Policy:
    return TRIAL


@pytest.mark.parametrize(
    ("relieved", "legs"),
    [
        ((), ["primary-classical", "shadow-simulator"]),
        (("quantum",), ["primary-classical", "shadow-simulator"]),
        (("simulator",), ["primary-classical"]),
    ],
)
async def test_what_is_only_measured_is_left_out_where_its_lane_is_relieved(
    relieved: Collection[Lane], legs: list[str]
) -> None:
    asked_at: list[datetime] = []

    def of(now: datetime) -> Collection[Lane]:
        asked_at.append(now)
        return relieved

    _, (planned,) = await Planning(Lanes(), trial, relieved=of).of([admit(a_request())], NOW)

    assert planned is not None
    assert [leg.leg for leg in planned.legs] == legs
    assert asked_at == [NOW]
