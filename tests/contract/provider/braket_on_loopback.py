"""Braket's cloud on loopback and the unmodified client on it: what tests of both share."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest

pytest.importorskip("braket.aws", reason="the extra `braket` is not installed")

from queuebit_circuits.circuit import Bound, Circuit, Gate, Measure, Register
from queuebit_quantum_adapter.ports import Request
from queuebit_quantum_adapter.providers.braket.provider import BraketProvider
from queuebit_workbench.clouds.braket.cloud import Behaviour
from queuebit_workbench.clouds.braket.execution import SIMULATOR
from queuebit_workbench.clouds.braket.server import BUCKET, Server, started
from tests.contract.provider.patience import PATIENCE_S

KEY = UUID(int=7)
CIRCUIT = Circuit(
    2, (Register("c", 2),), (Gate("ry", (0,), (), (0,)), Gate("cx", (0, 1)), Measure(0, 0), Measure(1, 1)), 1
)
REQUEST = Request((Bound(CIRCUIT, (0.5,)), Bound(CIRCUIT, (3.0,))), (1, 2), 50)
ONE = Request(REQUEST.circuits[:1], (1,), 50)
TASKS = "/quantum-task"
DEADLINE_S = 2.0
"""Of whoever is to find that nobody answers."""


@pytest.fixture(scope="module")
def cloud() -> Iterator[Server]:
    server = started()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.env().items():
            patch.setenv(name, value)
        yield server
    server.close()


@pytest.fixture
def server(cloud: Server) -> Iterator[Server]:
    """A cloud that has nothing and does nothing wrong yet."""
    cloud.cloud.forget()
    yield cloud
    cloud.faults.table, cloud.faults.without = [], ()
    cloud.cloud.behaviour = Behaviour()


@pytest.fixture(scope="module")
def provider(cloud: Server) -> BraketProvider:
    return opened()


def opened(device: str = SIMULATOR, deadline_s: float = PATIENCE_S) -> BraketProvider:
    """One more client of the cloud."""
    return BraketProvider(device=device, bucket=BUCKET, prefix="t", lag_s=1.0, deadline_s=deadline_s)
