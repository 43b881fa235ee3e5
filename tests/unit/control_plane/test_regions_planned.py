"""A job that may go to no backend of the quantum lane is planned without it, and told why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from queuebit_contracts.events import BackendStatusReported, JobPlanned, JobQueued
from queuebit_contracts.jobs import JobRequest
from queuebit_control_plane.inbound.planning import Planning
from queuebit_domain.holds.lanes import Lanes
from queuebit_domain.job import routing
from queuebit_domain.job.routing import BARRED
from queuebit_problems.admission import admit
from queuebit_problems.errors import InvalidStatement
from tests.builders import NOW, a_request
from tests.unit.control_plane.given import given
from tests.unit.control_plane.planned import submitted


def lanes_with(*backends: BackendStatusReported, at: datetime = NOW) -> Lanes:
    lanes = Lanes()
    for each in backends:
        lanes.report(each, at)
    lanes.look(at)
    return lanes


def quantum(region: str | None, *, named: bool | None = None, name: str = "ibm") -> BackendStatusReported:
    return BackendStatusReported(backend=name, lane="quantum", available=True, region=region, region_named=named)


async def planned(lanes: Lanes, **params: Any) -> tuple[JobPlanned, bool | None]:
    """The plan of a small question, and the fact that it was told of."""
    found = admit(a_request(lane="auto", params=params, problem=_problem()))
    (facts,), _ = await Planning(lanes).of([found], NOW)
    assert facts is not None
    return routing.plan(facts), facts.quantum_barred


def _problem() -> Any:
    return {"kind": "maxcut", "statement": {"nodes": 5, "edges": [[0, 1], [1, 2], [2, 3], [3, 4]]}}


@pytest.mark.parametrize("regions", ["eu", "us-east,eu-de"])
async def test_a_job_that_may_go_there_goes(regions: str) -> None:
    plan, barred = await planned(lanes_with(quantum("eu-de")), regions=regions)

    assert (plan.rule, barred) == ("small-on-quantum", None)
    assert BARRED not in plan.reasons


@pytest.mark.parametrize("stated", ["us-east", None])
async def test_a_job_that_may_not_is_planned_without_the_lane_and_told_why(stated: str | None) -> None:
    plan, barred = await planned(lanes_with(quantum(stated)), regions="eu")

    assert (plan.rule, barred, plan.inputs["quantum_barred"]) == ("otherwise-classical", True, True)
    assert "quantum" not in [leg.lane for leg in plan.legs]
    assert plan.reasons[-1] == BARRED


async def test_what_computes_here_is_allowed_whatever_is_named() -> None:
    here = BackendStatusReported(backend="aer", lane="simulator", available=True, region="local")

    plan, _ = await planned(lanes_with(here, quantum("us-east")), regions="local")

    assert plan.rule == "small-on-simulator"


async def test_where_the_default_allows_a_backend_to_none_jobs_that_allow_it_go_there() -> None:
    lanes = lanes_with(quantum("us-east", named=True))

    assert (await planned(lanes))[0].rule == "otherwise-classical"
    assert (await planned(lanes))[1] is True
    assert (await planned(lanes, regions="us"))[0].rule == "small-on-quantum"


async def test_a_job_that_names_none_is_planned_as_ever() -> None:
    plan, barred = await planned(lanes_with(quantum(None)))

    assert (plan.rule, barred) == ("small-on-quantum", None)
    assert "quantum_barred" not in plan.inputs


async def test_where_no_quantum_backend_is_there_nothing_is_said_of_regions() -> None:
    plan, barred = await planned(lanes_with(), regions="eu")

    assert (barred, BARRED in plan.reasons) == (None, False)


def test_no_plan_widens_what_the_job_names() -> None:
    leg = {"role": "primary", "lane": "quantum", "params": {"regions": "us", "shots": 10}}

    events = told_events(submitted(leg, params={"regions": "eu", "shots": 5}))

    assert [each.params for each in events] == [{"regions": "eu", "shots": 10}]


def test_a_plan_may_name_regions_where_the_job_names_none() -> None:
    leg = {"role": "primary", "lane": "quantum", "params": {"regions": "eu"}}

    assert [each.params for each in told_events(submitted(leg))] == [{"regions": "eu"}]


def told_events(message: Any) -> list[JobQueued]:
    return [each for each in given(message).events if isinstance(each, JobQueued)]


@pytest.mark.parametrize("said", ["EU", "", True, 5, ",".join(f"r{number}" for number in range(17))])
def test_what_names_no_regions_is_refused_at_the_door(said: Any) -> None:
    with pytest.raises(InvalidStatement) as refused:
        admit(JobRequest.model_validate({"tenant": "acme", "problem": _problem(), "params": {"regions": said}}))

    assert [each.pointer for each in refused.value.fields] == ["/params/regions"]
    assert "eu,us-east" in refused.value.remedy
