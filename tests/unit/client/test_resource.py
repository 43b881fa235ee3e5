"""The verbs of QRMI over our API: against a gateway with all services behind it, and against what QRMI itself says."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from importlib import import_module
from typing import Any, TypeVar
from uuid import uuid4

import pytest

from queuebit_client.errors import Conflict, InvalidRequest, NotFound
from queuebit_client.resource import Primitive, QuantumResource, TaskNotFound, TaskNotReady, TaskStatus
from queuebit_client.synchronous import Queuebit
from tests.fakes.served_world import ServedWorld, served_world
from tests.pages import typed_by

BELL = 'OPENQASM 3.0; include "stdgates.inc"; bit[2] c; qubit[2] q; h q[0]; cx q[0], q[1]; c = measure q;'
TURNED = 'OPENQASM 3.0; include "stdgates.inc"; input float a; qubit[2] q; ry(a) q[0];'
WAIT_S = 90.0
qrmi: Any = import_module("qrmi")
T = TypeVar("T")


class Site:
    """A resource as a program on a compute node has it, which knows no event loop."""

    def __init__(self, served: ServedWorld) -> None:
        self.url, self.api_key, self.world = served.url, served.api_key, served.world
        self.client = Queuebit(self.url, self.api_key)

    def resource(self, name: str) -> QuantumResource:
        return QuantumResource(name, self.client)


@pytest.fixture(scope="module")
async def site() -> AsyncIterator[Site]:
    async with served_world() as served:
        found = Site(served)
        try:
            yield found
        finally:
            found.client.close()


async def on_node(work: Callable[[], T]) -> T:
    return await asyncio.to_thread(work)


def backend_name(site: Site) -> str:
    deadline = time.monotonic() + WAIT_S
    while not (found := site.client.backends()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return next(each.name for each in found if each.lane == "simulator")


def run(site: Site, payload: Any) -> dict[str, Any]:
    resource = site.resource(backend_name(site))
    token = resource.acquire()
    task = resource.task_start(payload)
    deadline = time.monotonic() + WAIT_S
    while (status := resource.task_status(task)) in (TaskStatus.Queued, TaskStatus.Running):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert status is TaskStatus.Completed, resource.task_logs(task)
    found: dict[str, Any] = json.loads(resource.task_result(task).value)
    resource.release(token)
    return found


def test_the_verbs_are_those_of_qrmi_and_so_are_the_numbers_of_states() -> None:
    verbs = {name for name in dir(qrmi.QuantumResource) if not name.startswith("_")} - {"from_config"}
    assert verbs <= set(dir(QuantumResource))
    assert {each.name: int(each) for each in TaskStatus} == {
        name: int(getattr(qrmi.TaskStatus, name)) for name in dir(qrmi.TaskStatus) if not name.startswith("_")
    }


async def test_a_sampler_payload_of_qrmi_is_run_and_its_counts_come_back(site: Site) -> None:
    payload = qrmi.Payload.QiskitPrimitive(input=json.dumps({"pubs": [[BELL, None, 400]]}), program_id="sampler")
    found = await on_node(lambda: run(site, payload))
    ((entry,),) = found["results"]
    assert set(entry["counts"]) <= {"00", "11"}
    assert sum(entry["counts"].values()) == 400
    assert found["verdict"] == "accepted"


async def test_an_estimator_payload_has_its_observables_turned_round(site: Site) -> None:
    """Qubit 0 is turned by pi: Z on it, the rightmost letter, is -1, on the other 1."""
    pubs = [[TURNED, ["IZ", {"ZI": 2.0}], {"a": [3.141592653589793]}, 0.05]]
    found = await on_node(lambda: run(site, Primitive(json.dumps({"pubs": pubs}), "estimator")))
    values = [entry["value"] for entry in found["results"][0]]
    assert values == pytest.approx([-1.0, 2.0], abs=0.3)


async def test_any_job_of_queuebit_can_be_a_task(site: Site) -> None:
    body = {"problem": {"kind": "maxcut", "statement": {"nodes": 3, "edges": [[0, 1], [1, 2]]}}, "lane": "classical"}
    found = await on_node(lambda: run(site, Primitive(json.dumps(body), "queuebit")))
    assert found["objective"] == 2
    assert found["results"] == [found["answer"]]


async def test_what_a_resource_is_can_be_asked(site: Site) -> None:
    def look() -> tuple[Any, ...]:
        resource = site.resource(backend_name(site))
        return resource.metadata(), json.loads(resource.target().value), resource.status(), resource.is_accessible()

    metadata, target, status, accessible = await on_node(look)
    assert metadata["backend_name"] == target["name"]
    assert metadata["lane"] == "simulator"
    assert (status.status, status.healthy, accessible) == ("Online", True, True)
    assert await on_node(lambda: site.resource("nobody").is_accessible()) is False


async def test_tokens_and_tasks_that_are_none_are_refused_by_name(site: Site) -> None:
    def look() -> None:
        resource = site.resource(backend_name(site))
        with pytest.raises(NotFound):
            resource.release("nothing")
        token = resource.acquire()
        resource.release(token)
        with pytest.raises(NotFound):
            resource.release(token)
        for task in (str(uuid4()), "no id"):
            with pytest.raises(TaskNotFound):
                resource.task_status(task)
        with pytest.raises(NotFound):
            site.resource("nobody").acquire()

    await on_node(look)


async def test_a_task_is_stopped_and_has_no_result(site: Site) -> None:
    """While nobody takes its order."""
    body = {"problem": {"kind": "maxcut", "statement": {"nodes": 3, "edges": [[0, 1], [1, 2]]}}, "lane": "classical"}

    def look() -> None:
        resource = site.resource(backend_name(site))
        task = resource.task_start(Primitive(json.dumps(body), "queuebit"))
        deadline = time.monotonic() + WAIT_S
        assert resource.task_status(task) in (TaskStatus.Queued, TaskStatus.Running)
        resource.task_stop(task)
        while resource.task_status(task) is not TaskStatus.Cancelled:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        with pytest.raises(TaskNotReady):
            resource.task_result(task)
        with pytest.raises(Conflict):
            resource.task_stop(task)

    await site.world.stop("classical-solver")
    try:
        await on_node(look)
    finally:
        await site.world.start("classical-solver")


@pytest.mark.parametrize(
    ("program", "text", "message"),
    [
        ("sampler", "[", "no JSON"),
        ("sampler", "[]", "no JSON object"),
        ("sampler", "{}", "pubs is no list"),
        ("sampler", '{"pubs": [[7]]}', "is no text"),
        ("sampler", '{"pubs": [["q", [1.0]]]}', "parameters of pubs"),
        ("estimator", '{"pubs": [["q", "AB"]]}', "no sum of Pauli strings"),
        ("estimator", '{"pubs": [["q", {"X": 1, "XX": 2}]]}', "differ in length"),
        ("executor", "{}", "no program 'executor'"),
    ],
)
async def test_payloads_that_cannot_be_run_are_refused_with_what_is_wrong(
    site: Site, program: str, text: str, message: str
) -> None:
    def look() -> None:
        with pytest.raises(InvalidRequest, match=message) as caught:
            site.resource(backend_name(site)).task_start(Primitive(text, program))
        assert caught.value.remedy

    await on_node(look)


async def test_a_resource_is_found_in_the_environment_by_its_name(site: Site) -> None:
    env = {"aer_QRMI_QB_ENDPOINT": site.url, "aer_QRMI_QB_APIKEY": site.api_key}
    resource = QuantumResource.from_environment("aer", env)
    assert (resource.resource_id(), resource.resource_type()) == ("aer", "Queuebit")
    with pytest.raises(InvalidRequest, match="aer_QRMI_QB_APIKEY"):
        QuantumResource.from_environment("aer", {**env, "aer_QRMI_QB_APIKEY": ""})


async def test_what_the_page_on_sites_exports_names_a_resource() -> None:
    lines = typed_by("unit/client/test_resource.py", "how-to/hpc-sites.md")
    env = dict(each.removeprefix("export ").replace("…", "1").split("=", 1) for each in lines)

    resource = QuantumResource.from_environment("ibm_kingston", env)

    assert resource.resource_id() == "ibm_kingston"
