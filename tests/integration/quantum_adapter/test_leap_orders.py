"""An order for an annealer of Leap on loopback, through real processes and a real ledger: paid once, and found by its label."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from queuebit_contracts.events import ExecutionFailed, ExecutionSucceeded
from queuebit_quantum_adapter.backends.discovery import Found
from queuebit_quantum_adapter.providers.leap.offer import backends
from queuebit_quantum_adapter.shell import app
from queuebit_store.postgres import PostgresSettings
from queuebit_store.submissions.port import SubmissionState
from queuebit_workbench.clouds.faults import Fault
from queuebit_workbench.clouds.leap.execution import CLIQUE
from queuebit_workbench.clouds.leap.server import Server, started
from tests.contract.store.fixtures import empty_settings, postgres_store, settings
from tests.integration.quantum_adapter.adapters_at_work import WAIT_S, Adapters, adapters
from tests.unit.quantum_adapter.models import a_maxcut, an_order

__all__ = ["adapters", "empty_settings", "postgres_store", "settings"]

pytest.importorskip("dwave.cloud", reason="the extra `leap` is not installed")


@pytest.fixture
def cloud(settings: PostgresSettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A cloud, and the environment that leads processes to it and to the ledger."""
    server = started()
    ours = {"QUEUEBIT_POSTGRES": settings.url, "QUEUEBIT_NAMESPACE": settings.namespace}
    for name, value in {**server.env(), **ours}.items():
        monkeypatch.setenv(name, value)
    env = {"QUEUEBIT_LEAP_SOLVERS": CLIQUE, "QUEUEBIT_LEAP_LAG_S": "1", "QUEUEBIT_LEAP_DEADLINE_S": "5"}
    monkeypatch.setattr(app, "discover", lambda *_: Found(backends(env)))
    yield server
    server.close()


async def test_an_order_whose_answer_is_lost_is_found_again_and_answered(cloud: Server, adapters: Adapters) -> None:
    cloud.faults.table = [Fault("POST", "/problems/", "after", drop=True)]
    params = {"method": "anneal", "shots": 30, "reduce": False}

    adapters.send(an_order(a_maxcut(11), lane="quantum", params=params, budget_s=WAIT_S))
    await adapters.until(lambda: adapters.told(ExecutionSucceeded) or adapters.told(ExecutionFailed))

    (told,) = adapters.told(ExecutionSucceeded)
    (row,) = await adapters.store.list_submissions(limit=9)
    (problem,) = cloud.cloud.problems.values()
    assert (row.state, row.provider_id) == (SubmissionState.CONCLUDED, problem.id)
    assert problem.asked["label"] == f"queuebit:{row.key}"
    assert (told.ran.backend, told.ran.method) == ("leap_loopback_clique", "quantum annealing")
    assert told.usage.qpu_s == told.provenance["usage"]["qpu_s"] > 0
