"""What the cloud of IBM on loopback does on command beyond single requests, through the unmodified client."""

from __future__ import annotations

from uuid import UUID

import httpx2
import pytest

from queuebit_contracts.failures import FailureCode
from queuebit_quantum_adapter.errors import NoBackend, NotAuthorised, ProviderUnavailable
from queuebit_quantum_adapter.ports import RunState
from queuebit_workbench.clouds.ibm.cloud import Behaviour
from queuebit_workbench.clouds.ibm.server import Server

pytest.importorskip("qiskit_ibm_runtime", reason="the extra `ibm` is not installed")

from queuebit_quantum_adapter.providers.ibm.provider import IbmProvider
from tests.contract.provider.ibm_asked import JOBS, REQUEST
from tests.contract.provider.ibm_on_loopback import DEADLINE_S, KEY, both, opened, provider, sent, server
from tests.waiting import wait_until

__all__ = ["both", "provider", "server"]

SEVEN_DAYS_S = 7 * 24 * 3600.0


def command(server: Server, **told: object) -> None:
    """As an operator of the cloud gives it."""
    httpx2.put(f"{server.url}/_loopback", json=told, timeout=30).raise_for_status()


def test_a_result_that_is_late_wins_over_a_cancel_that_was_accepted(server: Server, provider: IbmProvider) -> None:
    command(server, behaviour={"queue_s": SEVEN_DAYS_S, "cancels": False})
    job = sent(provider)

    provider.cancel(job)
    provider.cancel(job)

    assert provider.poll(job).state is RunState.SUCCEEDED
    assert [sum(counts.values()) for counts in provider.result(job).counts] == [50, 50]


def test_who_waits_for_days_says_for_how_long(server: Server, provider: IbmProvider) -> None:
    command(server, behaviour={"queue_s": SEVEN_DAYS_S})
    jobs = [provider.submit(REQUEST, UUID(int=number), None) for number in range(2)]

    told = [provider.poll(job) for job in jobs]

    assert [(each.state, each.queue_position) for each in told] == [(RunState.QUEUED, 0), (RunState.QUEUED, 1)]
    assert all(0.9 * SEVEN_DAYS_S < (each.wait_s or 0) <= SEVEN_DAYS_S for each in told)


@pytest.mark.parametrize(
    ("reason", "code", "action"),
    [
        (1002, FailureCode.PROBLEM_UNSUPPORTED, "fail_fast"),
        (1009, FailureCode.BACKEND_UNAVAILABLE, "reroute"),
        (1010, FailureCode.BACKEND_UNAVAILABLE, "retry"),
        (1305, FailureCode.BUDGET_EXHAUSTED, "degrade"),
        (9999, FailureCode.INTERNAL, "fail_fast"),
    ],
)
def test_a_job_that_fails_says_with_which_code_and_what_the_plan_is_to_do(
    server: Server, provider: IbmProvider, reason: int, code: FailureCode, action: str
) -> None:
    command(server, behaviour={"reason_code": reason})

    told = provider.poll(sent(provider))

    assert (told.state, told.code, told.action, told.reason) == (RunState.FAILED, code, action, str(reason))


def test_a_calibration_that_is_old_is_told_as_old(server: Server) -> None:
    command(server, behaviour={"calibrated_at": "2024-02-29T12:00:00+00:00"})

    assert (opened().capabilities().calibrated_at or "")[:10] == "2024-02-29"


def test_a_record_that_was_purged_is_neither_failed_nor_found(server: Server, provider: IbmProvider) -> None:
    job = sent(provider)
    assert provider.poll(job).state is RunState.SUCCEEDED

    command(server, behaviour={"purged_s": 0.0})

    assert provider.poll(job).state is RunState.UNKNOWN
    assert provider.reconcile(KEY, None) == ()
    with pytest.raises(ProviderUnavailable):
        provider.result(job)


def test_a_token_that_is_revoked_says_nothing_of_the_job_and_a_new_one_is_let_in(
    server: Server, provider: IbmProvider
) -> None:
    job = sent(provider)
    other = opened()
    command(server, behaviour={"revoked": True})

    with pytest.raises(ProviderUnavailable):
        other.poll(job)
    with pytest.raises(NotAuthorised) as refused:
        sent(other)

    assert refused.value.unsent
    assert len(server.cloud.jobs) == 1
    assert opened().poll(job).state is RunState.SUCCEEDED


def test_an_instance_that_is_archived_lets_nobody_in_and_its_jobs_are_not_failed(
    server: Server, provider: IbmProvider
) -> None:
    job = sent(provider)
    command(server, behaviour={"archived": True})

    with pytest.raises(NotAuthorised):
        sent(provider)
    with pytest.raises(ProviderUnavailable):
        provider.poll(job)
    with pytest.raises((NoBackend, NotAuthorised)):
        opened()

    command(server)
    assert provider.poll(job).state is RunState.SUCCEEDED


def test_a_post_that_lands_after_its_deadline_is_found_by_who_waits_long_enough(
    server: Server, provider: IbmProvider
) -> None:
    """Without a fence, that is: nothing was there when the caller gave up."""
    impatient = opened(DEADLINE_S)
    command(
        server,
        faults=[{"method": "POST", "path": JOBS, "when": "before", "hang_s": DEADLINE_S + 1}],
    )
    with pytest.raises(Exception) as lost:
        impatient.submit(REQUEST, KEY, None)
    assert not getattr(lost.value, "unsent", False)
    at_once = provider.reconcile(KEY, None)

    wait_until(lambda: bool(server.cloud.jobs), "the late POST landed")

    assert (at_once, provider.reconcile(KEY, None)) == ((), tuple(server.cloud.jobs))


def test_an_api_version_that_is_served_no_more_is_no_wrong_word_about_a_job(
    server: Server, provider: IbmProvider
) -> None:
    job = sent(provider)
    command(server, behaviour={"versions": ["2031-01-01"]})

    with pytest.raises(ProviderUnavailable):
        provider.poll(job)
    assert server.cloud.behaviour == Behaviour(versions=("2031-01-01",))
