"""What the unmodified client of IBM makes of faults, and what we make of that: one POST each, never a wrong word."""

from __future__ import annotations

from copy import deepcopy
from queue import Queue
from typing import Any
from uuid import UUID

import pytest

from queuebit_quantum_adapter.errors import (
    AdapterError,
    LimitUsedUp,
    NotAuthorised,
    NotSent,
    ProviderUnavailable,
    RateLimited,
    SubmitRefused,
)
from queuebit_quantum_adapter.ports import RunState
from queuebit_workbench.clouds.faults import Fault
from queuebit_workbench.clouds.http import Asked, Reply
from queuebit_workbench.clouds.ibm.cloud import Behaviour, Refused
from queuebit_workbench.clouds.ibm.server import Server

pytest.importorskip("qiskit_ibm_runtime", reason="the extra `ibm` is not installed")

from queuebit_quantum_adapter.providers.ibm.client import Guard
from queuebit_quantum_adapter.providers.ibm.provider import IbmProvider, tag_of
from tests.contract.provider.ibm_on_loopback import (
    DEADLINE_S,
    JOBS,
    KEY,
    REQUEST,
    both,
    opened,
    provider,
    raised,
    sent,
    server,
)
from tests.contract.provider.patience import PATIENCE_S
from tests.waiting import wait_until

__all__ = ["both", "provider", "server"]


def test_our_adapter_carries_every_request_of_every_client(provider: IbmProvider) -> None:
    """The names are private: a new version of the client may have others."""
    clients = provider._service._api_clients.values()

    assert clients
    for client in clients:
        assert isinstance(client._session.get_adapter("https://x"), Guard)
        assert isinstance(client._session.get_adapter("http://x"), Guard)


@pytest.mark.parametrize(
    ("fault", "accepted"),
    [
        (Fault("POST", JOBS, "after", status=503, times=None), 1),
        (Fault("POST", JOBS, "after", status=503), 1),
        (Fault("POST", JOBS, "after", drop=True), 1),
        (Fault("POST", JOBS, "before", status=500, times=None), 0),
        (Fault("POST", JOBS, "before", drop=True), 0),
    ],
    ids=["503 after accept", "one 503 after accept", "dropped after accept", "500 before", "dropped before"],
)
def test_a_lost_answer_is_no_refusal_and_is_not_sent_again(
    server: Server, provider: IbmProvider, fault: Fault, accepted: int
) -> None:
    server.site.faults.table = [fault]

    error = raised(provider)

    assert not (isinstance(error, AdapterError) and error.unsent)
    assert len(server.cloud.jobs) == accepted == len(provider.reconcile(KEY, None))


@pytest.mark.parametrize("missing", ["id", "backend"])
def test_an_answer_in_other_words_is_a_lost_answer(server: Server, provider: IbmProvider, missing: str) -> None:
    fence = provider.fence(KEY)
    server.site.faults.without = (missing,)

    with pytest.raises(KeyError):
        provider.submit(REQUEST, KEY, fence)

    server.site.faults.without = ()
    assert len(provider.reconcile(KEY, None)) == 1


@pytest.mark.parametrize(
    ("status", "kind", "headers"),
    [
        (400, SubmitRefused, {}),
        (401, NotAuthorised, {}),
        (403, NotAuthorised, {}),
        (429, RateLimited, {"Retry-After": "17"}),
        (409, LimitUsedUp, {}),
    ],
)
def test_a_refusal_in_so_many_words_says_that_nothing_was_taken(
    server: Server, provider: IbmProvider, status: int, kind: type[AdapterError], headers: dict[str, str]
) -> None:
    body = {"errors": [{"code": 1000, "message": "no", "solution": "", "more_info": ""}]}
    server.site.faults.table = [Fault("POST", JOBS, status=status, headers=headers, body=body, times=None)]

    error = raised(provider)

    assert isinstance(error, kind)
    assert error.unsent
    assert error.retry_after_s == (17.0 if headers else None)
    assert server.cloud.jobs == {}


@pytest.mark.parametrize("status", [401, 403])
def test_who_is_not_let_in_hears_it_before_anything_is_sent(server: Server, provider: IbmProvider, status: int) -> None:
    body = {"errors": [{"code": 1200, "message": "who are you", "solution": "", "more_info": ""}]}
    server.site.faults.table = [Fault("POST", "/experimental/sessions", status=status, body=body, times=None)]

    error = raised(provider)

    assert isinstance(error, NotAuthorised)
    assert (error.unsent, error.transient, server.cloud.jobs) == (True, False, {})


def test_what_fails_before_the_post_was_not_sent(server: Server, provider: IbmProvider) -> None:
    fence = provider.fence(KEY)
    server.site.faults.table = [Fault("GET", "/experimental/backends/.*/status", status=404, times=None)]

    with pytest.raises(NotSent):
        provider.submit(REQUEST, KEY, fence)

    assert server.cloud.jobs == {}


def test_behind_a_closed_fence_a_late_post_bounces(
    server: Server, provider: IbmProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that is held while the fence closes: the client could not know."""
    bounced: Queue[int] = Queue()
    answer = server.answer

    def told(asked: Asked) -> Reply:
        try:
            return answer(asked)
        except Refused as error:
            if asked.method == "POST" and JOBS in asked.path:
                bounced.put(error.status)
            raise

    monkeypatch.setattr(server, "answer", told)
    fence, impatient = provider.fence(KEY), opened(DEADLINE_S)
    assert fence is not None
    server.site.faults.table = [Fault("POST", JOBS, "before", hang_s=DEADLINE_S + 1)]

    with pytest.raises(Exception) as late:
        impatient.submit(REQUEST, KEY, fence)
    provider.close(fence)

    assert 400 <= bounced.get(timeout=60) < 500
    assert not getattr(late.value, "unsent", False)
    assert (server.cloud.jobs, provider.reconcile(KEY, fence)) == ({}, ())
    with pytest.raises(NotSent):
        provider.submit(REQUEST, KEY, fence)


def test_a_list_in_other_words_is_not_an_empty_one(server: Server, provider: IbmProvider) -> None:
    sent(provider)
    for missing in ("jobs", "count", "id", "created"):
        server.site.faults.without = (missing,)
        with pytest.raises(ProviderUnavailable):
            provider.reconcile(KEY, None)


def test_a_job_that_the_list_does_not_show_yet_is_shown_later(server: Server, provider: IbmProvider) -> None:
    server.cloud.behaviour = Behaviour(lag_s=60.0)
    job = sent(provider)
    assert provider.reconcile(KEY, None) == ()

    server.cloud.behaviour = Behaviour()

    assert provider.reconcile(KEY, None) == (job,)


def test_only_ones_own_jobs_are_found_all_of_them_and_the_oldest_first(server: Server, provider: IbmProvider) -> None:
    jobs = [sent(provider) for _ in range(3)]
    provider.submit(REQUEST, UUID(int=8), None)

    assert provider.reconcile(KEY, None) == tuple(jobs)
    assert server.cloud.jobs[jobs[0]].tags == [tag_of(KEY)]


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("Queued", RunState.QUEUED),
        ("Running", RunState.RUNNING),
        ("Completed", RunState.SUCCEEDED),
        ("completed", RunState.SUCCEEDED),
        ("Failed", RunState.FAILED),
        ("Cancelled", RunState.CANCELLED),
        ("Cancelled - Ran too long", RunState.FAILED),
        ("Defragmenting", RunState.UNKNOWN),
    ],
)
def test_a_word_that_is_not_known_is_not_a_failure(
    server: Server, provider: IbmProvider, word: str, state: RunState
) -> None:
    job = sent(provider)
    server.cloud.behaviour = Behaviour(state=word)

    assert provider.poll(job).state is state


def test_a_job_that_was_purged_or_told_in_other_words_is_not_failed(server: Server, provider: IbmProvider) -> None:
    job = sent(provider)
    server.site.faults.without = ("state",)
    with pytest.raises(ProviderUnavailable):
        provider.poll(job)
    server.site.faults.without = ()

    server.cloud.jobs.clear()

    assert provider.poll(job).state is RunState.UNKNOWN


def test_a_cancel_that_is_lost_is_asked_for_again_and_one_that_is_late_is_no_error(
    server: Server, provider: IbmProvider
) -> None:
    server.cloud.behaviour = Behaviour(queue_s=600.0)
    job = sent(provider)
    server.site.faults.table = [Fault("POST", f"{JOBS}/.*/cancel", "before", drop=True)]
    with pytest.raises(ProviderUnavailable):
        provider.cancel(job)
    assert provider.poll(job).state is RunState.QUEUED

    provider.cancel(job)
    provider.cancel(job)

    assert provider.poll(job).state is RunState.CANCELLED


def test_one_program_carries_all_angles_of_one_form_and_the_outcomes_come_in_order(
    server: Server, provider: IbmProvider
) -> None:
    job = sent(provider)

    wait_until(lambda: provider.poll(job).state is RunState.SUCCEEDED, "the program ran")
    result = provider.result(job)

    program: dict[str, Any] = server.cloud.jobs[job].params["quantum_program"]
    assert [item["circuit_arguments"]["shape"] for item in program["items"]] == [[2, 1]]
    ones = [sum(count for bits, count in counts.items() if bits & 1) for counts in result.counts]
    assert [sum(counts.values()) for counts in result.counts] == [50, 50]
    assert ones[0] < 15
    assert ones[1] > 35
    assert result.record["usage"]["status"] == "complete"


def test_a_device_is_calibrated_while_a_process_lives_and_told_as_it_is_then(
    server: Server, provider: IbmProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    properties = server.cloud.backends["fake_manila"]["properties"]
    before = provider.preflight(REQUEST).record["calibrated_at"]
    monkeypatch.setitem(properties, "last_update_date", "2026-11-29T12:00:00+00:00")
    clock_s = [0.0]
    fresh = IbmProvider(
        backend="fake_manila", lag_s=1.0, deadline_s=PATIENCE_S, calibration_s=60.0, monotonic_s=lambda: clock_s[0]
    )
    first = fresh.preflight(REQUEST)
    monkeypatch.setitem(properties, "last_update_date", "2026-11-29T18:00:00+00:00")

    kept = fresh.preflight(REQUEST)
    clock_s[0] = 61.0
    server.site.faults.table = [Fault("GET", "/experimental/backends/.*", status=404, times=None)]
    unanswered = fresh.preflight(REQUEST)
    server.site.faults.table = []
    refreshed = fresh.preflight(REQUEST)

    told = [each.record["calibrated_at"][:13] for each in (first, kept, unanswered, refreshed)]
    assert told == ["2026-11-29T12", "2026-11-29T12", "2026-11-29T12", "2026-11-29T18"]
    assert before != first.record["calibrated_at"]
    assert fresh.capabilities().calibrated_at == refreshed.record["calibrated_at"]
    assert refreshed.ran == first.ran


@pytest.mark.parametrize("ours", [True, False])
def test_a_circuit_is_transpiled_again_where_its_own_qubits_were_calibrated_anew_and_only_there(
    server: Server, monkeypatch: pytest.MonkeyPatch, ours: bool
) -> None:
    properties = server.cloud.backends["fake_manila"]["properties"]
    clock_s = [0.0]
    provider = IbmProvider(
        backend="fake_manila", lag_s=1.0, deadline_s=PATIENCE_S, calibration_s=60.0, monotonic_s=lambda: clock_s[0]
    )
    first = provider.preflight(REQUEST)
    layout, qubits = first.ran[0]["layout"], deepcopy(properties["qubits"])
    changed = layout[0] if ours else next(place for place in range(len(qubits)) if place not in layout)
    [readout] = [each for each in qubits[changed] if each["name"] == "readout_error"]
    readout["value"] = 0.25
    monkeypatch.setitem(properties, "qubits", qubits)
    monkeypatch.setitem(properties, "last_update_date", "2026-11-30T06:00:00+00:00")
    clock_s[0] = 61.0

    again = provider.preflight(REQUEST)

    assert again.record["calibration_fingerprint"] != first.record["calibration_fingerprint"]
    assert (again.ran != first.ran) is ours
    assert (again.success != first.success) is ours


def test_the_schema_of_ibm_is_asked_of_every_program(server: Server, provider: IbmProvider) -> None:
    client = provider._service._active_api_client

    with pytest.raises(Exception, match="quantum_program"):
        client.program_run(
            program_id="executor",
            backend_name="fake_manila",
            params={"schema_version": "v2.0", "options": {}},
            image=None,
            log_level=None,
            session_id=None,
        )

    assert server.cloud.jobs == {}
