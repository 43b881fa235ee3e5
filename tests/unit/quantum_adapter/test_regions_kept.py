"""What a job says of where its data may go holds in the adapter, whoever planned it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from queuebit_contracts.events import ExecutionFailed
from queuebit_contracts.failures import FailureCode
from queuebit_contracts.regions import LOCAL
from queuebit_quantum_adapter.backends.registry import REGION_NOT_ALLOWED, Backends
from queuebit_quantum_adapter.backends.spec import BackendSpec, Setup
from queuebit_quantum_adapter.backends.status import status_of
from queuebit_quantum_adapter.errors import NoBackend, RegionNotAllowed
from queuebit_quantum_adapter.providers.aer.offer import aer
from queuebit_quantum_adapter.providers.braket import offer as braket
from queuebit_quantum_adapter.providers.cirq import offer as cirq
from queuebit_quantum_adapter.providers.dwave import offer as dwave
from queuebit_quantum_adapter.providers.ibm import offer as ibm
from queuebit_quantum_adapter.providers.leap import offer as leap
from queuebit_quantum_adapter.shell.executor import QuantumExecutor
from queuebit_quantum_adapter.shell.settings import AdapterSettings
from queuebit_quantum_adapter.submissions.driver import Driver, terms_of
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.processes.pool import InlinePool
from queuebit_store.submissions.port import SubmissionState
from tests.unit.quantum_adapter.kept_world import LINEAGE, World, a_paid
from tests.unit.quantum_adapter.models import LIMITS, a_maxcut, an_order

EUROPE = BackendSpec("europe", "1", "quantum", "nowhere:open", 5, region="eu-de")
AMERICA = replace(EUROPE, name="america", region="us-east")
SOMEWHERE = replace(EUROPE, name="somewhere", region="")
CRN = "crn:v1:bluemix:public:quantum-computing:eu-de:a/0123:4567::"


def chosen(params: dict[str, Any], *specs: BackendSpec, regions: tuple[str, ...] | None = None) -> str:
    executor = QuantumExecutor(InlinePool(), Backends(specs), LIMITS, SystemClock(), worker="w", regions=regions)
    return executor.task_of(an_order(a_maxcut(4), lane=specs[0].lane, params=params)).backend.name


def test_the_first_backend_that_is_allowed_is_taken() -> None:
    every = (SOMEWHERE, AMERICA, EUROPE)

    assert chosen({"regions": "eu"}, *every) == "europe"
    assert chosen({"regions": "us-east,eu"}, *every) == "america"
    assert chosen({}, *every) == "somewhere"


def test_what_jobs_say_counts_in_place_of_the_setting() -> None:
    assert chosen({}, AMERICA, EUROPE, regions=("eu",)) == "europe"
    assert chosen({"regions": "us-east"}, EUROPE, AMERICA, regions=("eu",)) == "america"


def test_what_computes_here_is_allowed_to_all() -> None:
    here = aer(LIMITS)

    assert chosen({"regions": "local"}, here) == chosen({}, here, regions=()) == here.name


@pytest.mark.parametrize(
    ("params", "specs", "told"),
    [
        ({"regions": "eu"}, (AMERICA,), "america stands in us-east; the data may go to: eu."),
        ({"regions": "eu"}, (SOMEWHERE,), "somewhere does not state its region; the data may go to: eu."),
        ({"regions": "eu", "backend": "america"}, (EUROPE, AMERICA), "america stands in us-east"),
        ({"regions": "NO CODE"}, (EUROPE,), "the data may go to: local."),
    ],
)
async def test_where_none_is_allowed_the_leg_fails_for_good_and_says_why(
    params: dict[str, Any], specs: tuple[BackendSpec, ...], told: str
) -> None:
    executor = QuantumExecutor(InlinePool(), Backends(specs), LIMITS, SystemClock(), worker="w")

    failed = await executor.run(an_order(a_maxcut(4), lane="quantum", params=params), lambda _: None, asyncio.Event())

    assert isinstance(failed, ExecutionFailed)
    assert (failed.code, failed.reason, failed.action) == (FailureCode.NO_BACKEND, REGION_NOT_ALLOWED, None)
    assert told in failed.detail
    assert "params.regions" in failed.remedy


def test_a_lane_without_any_backend_is_told_as_before() -> None:
    with pytest.raises(NoBackend, match="No backend is configured"):
        Backends([aer(LIMITS)]).of("quantum", regions=("eu",))


async def test_nothing_is_handed_in_where_it_is_not_allowed() -> None:
    """Given an attempt whose backend states another region when it is gone through, then the ledger and the provider have
    nothing of it.
    """
    world, task = World(), a_paid()
    barred = replace(task, backend=replace(task.backend, region="us-east"), regions=("eu",))

    with pytest.raises(RegionNotAllowed):
        await world.step(barred, await world.kept(barred))

    assert (await world.store.submissions_of(LINEAGE), world.provider.taken) == ([], 0)


async def test_what_was_handed_in_before_is_still_taken() -> None:
    world, task = World(), a_paid()
    row = await world.kept(task)
    assert await world.step(task, row) is None
    await world.follow()
    found = await world.store.attempt(task.attempt_id)
    assert found is not None

    outcome = await world.step(replace(task, regions=("eu",)), replace(row, journal=found.journal))

    assert outcome is not None


async def test_what_was_stored_before_a_restart_is_not_sent_to_an_account_elsewhere() -> None:
    """Given a submission that a kill switch held back, when its account is opened in another region, then nothing is sent."""
    world, task = World(), a_paid()
    here = replace(task.backend, region="eu-de")
    allowed = replace(task, backend=here, regions=("eu",))
    held: dict[str, Any] = {"actor": "ann", "reason": "it burns money", "holds": ()}
    number = await world.store.throw_switch("stop", "backend", "memory", backends=["memory"], **held)
    assert await world.step(allowed, await world.kept(allowed)) is None
    [waiting] = await world.store.submissions_of(LINEAGE)
    assert (waiting.state, waiting.regions) == (SubmissionState.INTENDED, ("eu",))

    await world.store.lift_switch(number, actor="ann")
    moved = replace(here, region="us-east")
    driver = Driver(world.store, world.provider, terms_of(world.provider, moved), owner="after the restart")
    claimed = await world.store.claim(waiting.key, "after the restart", 60.0)
    assert claimed is not None
    ended = await driver.advance(claimed)

    assert ended is not None
    assert (ended.state, ended.reason, world.provider.taken) == (SubmissionState.FAILED, REGION_NOT_ALLOWED, 0)


async def test_an_allowed_one_is_handed_in_as_ever() -> None:
    world, task = World(), a_paid()

    _, steps = await world.whole(replace(task, backend=replace(task.backend, region="eu-de"), regions=("eu",)))

    assert steps == 2


@pytest.mark.parametrize(
    ("env", "region"),
    [
        ({"DWAVE_API_REGION": "eu-central-1"}, "eu-central-1"),
        ({"DWAVE_API_ENDPOINT": "https://na-west-1.cloud.dwavesys.com/sapi/v2/"}, "na-west-1"),
        (
            {
                "DWAVE_API_ENDPOINT": "https://na-west-1.cloud.dwavesys.com/sapi/v2/",
                "DWAVE_API_REGION": "eu-central-1",
            },
            "na-west-1",
        ),
        ({"DWAVE_API_ENDPOINT": "http://127.0.0.1:8080/", "DWAVE_API_REGION": "eu-central-1"}, ""),
        ({"DWAVE_API_ENDPOINT": "https://eu-central-1.cloud.dwavesys.com.evil.example/"}, ""),
        ({}, ""),
    ],
)
def test_leap_states_the_region_that_its_client_asks(env: dict[str, str], region: str) -> None:
    (spec,) = leap.backends({"QUEUEBIT_LEAP_SOLVERS": "Advantage2_system1", **env})

    assert spec.region == region


def test_ibm_and_amazon_state_theirs_where_a_name_says_it() -> None:
    ibms = [
        ibm.backends({"QUEUEBIT_IBM_BACKENDS": "ibm_brisbane", "QISKIT_IBM_INSTANCE": each})[0].region
        for each in (CRN, "my-instance", "")
    ]
    devices = "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet,arn:aws:braket:::device/quantum-simulator/amazon/sv1"
    env = {"QUEUEBIT_BRAKET_DEVICES": f"{devices},local", "QUEUEBIT_BRAKET_BUCKET": "b"}

    assert ibms == ["eu-de", "", ""]
    assert [each.region for each in braket.backends(Setup(LIMITS), env)] == ["eu-north-1", "", LOCAL]


def test_all_that_computes_here_says_so() -> None:
    setup = Setup(LIMITS)
    here = (aer(LIMITS), *cirq.backends(setup, {}), *dwave.backends({}))

    assert {each.region for each in here} == {LOCAL}


def test_a_report_says_the_region_and_whether_jobs_must_name_it() -> None:
    told = [
        (found.region, found.region_named)
        for found in (
            status_of(EUROPE, None, None),
            status_of(EUROPE, None, None, None, ("eu",)),
            status_of(AMERICA, None, None, None, ("eu",)),
            status_of(SOMEWHERE, None, None, None, ("eu",)),
            status_of(aer(LIMITS), None, None, None, (LOCAL,)),
        )
    ]

    assert told == [("eu-de", None), ("eu-de", None), ("us-east", True), (None, True), (LOCAL, None)]


def test_the_setting_is_a_list_and_empty_allows_all(monkeypatch: pytest.MonkeyPatch) -> None:
    assert AdapterSettings().allowed_regions is None
    monkeypatch.setenv("QUEUEBIT_QUANTUM_REGIONS", "eu,us-east")
    assert AdapterSettings().allowed_regions == ("eu", "us-east")
    monkeypatch.setenv("QUEUEBIT_QUANTUM_REGIONS", "EU")
    with pytest.raises(ValidationError, match="is the code of no region"):
        AdapterSettings()
