"""Every row of IBM's taxonomy, through the unmodified client against the cloud: what it is, what the plan does, the remedy."""

from __future__ import annotations

import pytest

pytest.importorskip("qiskit_ibm_runtime", reason="the extra `ibm` is not installed")

from queuebit_circuits.circuit import Bound
from queuebit_contracts.failures import FailureCode
from queuebit_quantum_adapter.errors import AdapterError, NoBackend, ProviderUnavailable, TooManyQubits
from queuebit_quantum_adapter.ports import Poll, Request, RunState
from queuebit_quantum_adapter.providers.ibm.provider import IbmProvider
from queuebit_quantum_adapter.providers.ibm.taxonomy import BY_REASON, BY_STATUS, REFUSED
from queuebit_quantum_adapter.providers.rows import FAILED, Row
from queuebit_workbench.clouds.faults import Fault
from queuebit_workbench.clouds.ibm.cloud import Behaviour
from queuebit_workbench.clouds.ibm.server import Server
from tests.contract.provider.ibm_on_loopback import JOBS, KEY, both, provider, raised, sent, server
from tests.unit.quantum_adapter.circuits_at_random import a_unitary

__all__ = ["both", "provider", "server"]

DEVICES = "/experimental/backends"


@pytest.mark.parametrize(("status", "row"), [*BY_STATUS.items(), (418, REFUSED)])
def test_a_status_says_what_is_to_be_done_and_that_nothing_was_taken(
    server: Server, provider: IbmProvider, status: int, row: Row
) -> None:
    body = {"errors": [{"code": 1000, "message": "no", "solution": "", "more_info": ""}]}
    server.site.faults.table = [Fault("POST", JOBS, status=status, headers={"Retry-After": "7"}, body=body, times=None)]

    error = raised(provider)

    assert isinstance(error, AdapterError)
    told = error.unsent, error.code, error.action, error.reason, error.remedy, error.retry_after_s
    assert told == (True, row.code, row.action, str(status), row.advice, 7.0)
    assert error.transient is (row.action == "retry")


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_of_others_nobody_knows_what_became(server: Server, provider: IbmProvider, status: int) -> None:
    server.site.faults.table = [Fault("POST", JOBS, "after", status=status, times=None)]

    error = raised(provider)

    assert not (isinstance(error, AdapterError) and error.unsent)
    assert len(provider.reconcile(KEY, None)) == len(server.cloud.jobs) == 1


@pytest.mark.parametrize(("reason", "row"), [*BY_REASON.items(), (9999, FAILED), (None, FAILED)])
def test_the_reason_of_a_job_that_failed_says_what_is_to_be_done(
    server: Server, provider: IbmProvider, reason: int | None, row: Row
) -> None:
    server.cloud.behaviour = Behaviour(queue_s=600.0)
    job = server.cloud.jobs[sent(provider)]
    job.state, job.reason, job.reason_code = "Failed", "Something broke.", reason

    assert provider.poll(job.id) == Poll(
        RunState.FAILED,
        detail="Failed Something broke.",
        code=row.code,
        action=row.action,
        reason=None if reason is None else str(reason),
        remedy=row.advice,
    )


def test_a_job_that_ran_too_long_is_to_be_made_smaller(server: Server, provider: IbmProvider) -> None:
    server.cloud.behaviour = Behaviour(queue_s=600.0)
    job = server.cloud.jobs[sent(provider)]
    job.state, job.reason_code = "Cancelled", 1305

    told = provider.poll(job.id)

    assert (told.state, told.code, told.action) == (RunState.FAILED, FailureCode.BUDGET_EXHAUSTED, "degrade")


def test_what_waits_says_where(server: Server, provider: IbmProvider) -> None:
    server.cloud.behaviour = Behaviour(queue_s=600.0)
    _, job = sent(provider), sent(provider)

    told = provider.poll(job)

    assert (told.state, told.queue_position) == (RunState.QUEUED, 1)
    assert told.wait_s is not None
    assert 0 < told.wait_s <= 600


def test_a_circuit_that_is_too_wide_goes_to_another_backend(provider: IbmProvider) -> None:
    with pytest.raises(TooManyQubits) as wide:
        provider.preflight(Request((Bound(a_unitary(9, 1)),), (1,), 10))

    assert wide.value.action == "reroute"


def test_a_backend_that_is_not_there_is_another_matter_than_a_list_that_cannot_be_read(server: Server) -> None:
    with pytest.raises(NoBackend) as absent:
        IbmProvider(backend="fake_nowhere", lag_s=1.0, deadline_s=3.0)
    assert absent.value.action == "reroute"

    server.site.faults.table = [Fault("GET", DEVICES, status=501, times=None)]
    with pytest.raises(ProviderUnavailable) as silent:
        IbmProvider(backend="fake_manila", lag_s=1.0, deadline_s=3.0)
    assert silent.value.transient
