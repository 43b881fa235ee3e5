"""What the unmodified client of D-Wave makes of faults of Leap, and what we make of that: one POST each, never a wrong word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from queuebit_contracts.failures import FailureCode
from queuebit_quantum_adapter.errors import (
    AdapterError,
    LimitUsedUp,
    NoBackend,
    NotAuthorised,
    NotSent,
    ProviderUnavailable,
    RateLimited,
    RequestTooLarge,
    SubmitRefused,
    UnusableProblem,
)
from queuebit_quantum_adapter.evidence.port import Exchange, Overheard
from queuebit_quantum_adapter.ports import Provider, Request, RunState, Spins
from queuebit_workbench.clouds.faults import Fault
from queuebit_workbench.clouds.leap.cloud import Behaviour
from queuebit_workbench.clouds.leap.execution import CHAIN, CLIQUE
from queuebit_workbench.clouds.leap.server import Server, started

pytest.importorskip("dwave.cloud", reason="the extra `leap` is not installed")

from queuebit_quantum_adapter.annealers import Annealed
from queuebit_quantum_adapter.providers.leap.client import label_of
from queuebit_quantum_adapter.providers.leap.provider import LeapAnnealer
from queuebit_quantum_adapter.providers.leap.taxonomy import BY_WORDS, row_of_words
from tests.contract.provider.patience import PATIENCE_S

KEY = UUID(int=7)
SPINS = Spins(3, ((0, 1.0), (2, -0.5)), ((0, 1, 0.25), (1, 2, -1.5)))
REQUEST = Request((), (1,), 50, spins=SPINS)
PROBLEMS = "/problems/"
DEADLINE_S = 2.0
"""Of whoever is to find that nobody answers."""


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[Server, Provider]]:
    server = started()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.env().items():
            patch.setenv(name, value)
        yield server, opened(CLIQUE)
    server.close()


@pytest.fixture
def server(both: tuple[Server, Provider]) -> Iterator[Server]:
    """A cloud that has nothing and does nothing wrong yet."""
    found = both[0]
    found.cloud.problems.clear()
    yield found
    found.faults.table, found.faults.without = [], ()
    found.cloud.behaviour = Behaviour()


@pytest.fixture
def provider(both: tuple[Server, Provider]) -> Provider:
    return both[1]


def opened(solver: str, deadline_s: float = PATIENCE_S) -> Provider:
    return Annealed(LeapAnnealer(solver=solver, spins_max=30, lag_s=1.0, deadline_s=deadline_s))


@pytest.mark.parametrize(
    ("fault", "accepted"),
    [
        (Fault("POST", PROBLEMS, "after", status=503, times=None), 1),
        (Fault("POST", PROBLEMS, "after", status=500), 1),
        (Fault("POST", PROBLEMS, "after", status=503, headers={"Retry-After": "0"}, times=None), 1),
        (Fault("POST", PROBLEMS, "after", drop=True), 1),
        (Fault("POST", PROBLEMS, "before", status=503, times=None), 0),
        (Fault("POST", PROBLEMS, "before", drop=True), 0),
        (Fault("POST", PROBLEMS, "after", hang_s=DEADLINE_S + 1), 1),
    ],
    ids=[
        "503 after",
        "one 500 after",
        "503 that asks for more",
        "dropped after",
        "503 before",
        "dropped before",
        "hangs",
    ],
)
def test_a_lost_answer_is_no_refusal_is_not_sent_again_and_is_found_by_its_label(
    server: Server, provider: Provider, fault: Fault, accepted: int
) -> None:
    first = provider if fault.hang_s == 0 else opened(CLIQUE, DEADLINE_S)
    server.faults.table = [fault]

    with pytest.raises(Exception) as lost:
        first.submit(REQUEST, KEY, None)

    assert not (isinstance(lost.value, AdapterError) and lost.value.unsent)
    assert len(server.cloud.problems) == accepted
    assert provider.reconcile(KEY, None) == tuple(server.cloud.problems)


def test_an_answer_in_other_words_is_a_lost_answer(server: Server, provider: Provider) -> None:
    for missing in ("id", "status", "solver"):
        server.cloud.problems.clear()
        server.faults.without = (missing,)
        with pytest.raises(Exception) as lost:
            provider.submit(REQUEST, KEY, None)
        server.faults.without = ()
        assert not (isinstance(lost.value, AdapterError) and lost.value.unsent)
        assert len(provider.reconcile(KEY, None)) == 1


@pytest.mark.parametrize(
    ("status", "kind", "action"),
    [
        (400, SubmitRefused, "fail_fast"),
        (401, NotAuthorised, "fail_fast"),
        (402, LimitUsedUp, "reroute"),
        (403, NotAuthorised, "fail_fast"),
        (404, NotSent, "reroute"),
        (409, LimitUsedUp, "reroute"),
        (413, RequestTooLarge, "degrade"),
        (429, RateLimited, "retry"),
    ],
)
def test_a_refusal_in_so_many_words_says_that_nothing_was_taken(
    server: Server, provider: Provider, status: int, kind: type[AdapterError], action: str
) -> None:
    headers = {"Retry-After": "17"} if status == 429 else {}
    body = {"error_code": status, "error_msg": "no"}
    server.faults.table = [Fault("POST", PROBLEMS, status=status, headers=headers, body=body, times=None)]

    with pytest.raises(kind) as refused:
        provider.submit(REQUEST, KEY, None)

    told = refused.value
    assert (told.unsent, told.action, told.reason, server.cloud.problems) == (True, action, str(status), {})
    assert told.retry_after_s == (17.0 if headers else None)


def test_a_problem_that_is_refused_in_its_place_was_not_taken(server: Server, provider: Provider) -> None:
    """Leap answers 200 to a list of problems, and says of each by itself that it is refused."""
    parameters = server.cloud.solvers[CLIQUE]["properties"]["parameters"]
    taken = parameters.pop("auto_scale")
    try:
        with pytest.raises(SubmitRefused, match="Unknown parameter 'auto_scale'"):
            provider.submit(REQUEST, KEY, None)
    finally:
        parameters["auto_scale"] = taken
    assert server.cloud.problems == {}


def test_where_nobody_listens_nothing_was_sent(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = started()
    monkeypatch.setenv("DWAVE_API_ENDPOINT", f"{gone.url}/")
    provider = opened(CLIQUE)
    gone.close()

    with pytest.raises(NotSent):
        provider.submit(REQUEST, KEY, None)


def test_a_list_that_lags_or_speaks_in_other_words_is_not_an_empty_one(server: Server, provider: Provider) -> None:
    problem = provider.submit(REQUEST, KEY, None)
    server.cloud.behaviour = Behaviour(lag_s=60.0)
    assert provider.reconcile(KEY, None) == ()
    server.cloud.behaviour = Behaviour()
    assert provider.reconcile(KEY, None) == (problem,)
    for missing in ("id", "status", "submitted_on"):
        server.faults.without = (missing,)
        with pytest.raises(ProviderUnavailable):
            provider.reconcile(KEY, None)
    assert server.cloud.problems[problem].asked["label"] == label_of(KEY)


def test_all_of_one_key_are_found_the_oldest_first_and_nobody_else_s(server: Server, provider: Provider) -> None:
    problems = [provider.submit(REQUEST, KEY, None) for _ in range(3)]
    provider.submit(REQUEST, UUID(int=8), None)

    assert provider.reconcile(KEY, None) == tuple(problems)


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("PENDING", RunState.QUEUED),
        ("IN_PROGRESS", RunState.RUNNING),
        ("COMPLETED", RunState.SUCCEEDED),
        ("FAILED", RunState.FAILED),
        ("CANCELLED", RunState.CANCELLED),
        ("WARMING_UP", RunState.UNKNOWN),
    ],
)
def test_a_word_that_is_not_known_is_not_a_failure(
    server: Server, provider: Provider, word: str, state: RunState
) -> None:
    problem = provider.submit(REQUEST, KEY, None)
    server.cloud.behaviour = Behaviour(state=word, queue_s=60.0)

    assert provider.poll(problem).state is state


def test_a_problem_that_failed_says_why_and_one_that_was_purged_is_not_failed(
    server: Server, provider: Provider
) -> None:
    server.cloud.behaviour = Behaviour(fails="The annealer lost its cold.")
    failed = provider.poll(provider.submit(REQUEST, KEY, None))
    assert (failed.state, failed.code, failed.action) == (
        RunState.FAILED,
        FailureCode.BACKEND_UNAVAILABLE,
        "reroute",
    )
    assert "lost its cold" in failed.detail

    server.cloud.problems.clear()

    assert provider.poll("00000000-0000-0000-0000-000000000001").state is RunState.UNKNOWN


def test_questions_are_asked_again_and_a_silence_says_nothing_of_the_problem(
    server: Server, provider: Provider
) -> None:
    problem = provider.submit(REQUEST, KEY, None)
    server.faults.table = [Fault("GET", PROBLEMS, drop=True)]
    assert provider.poll(problem).state is RunState.SUCCEEDED

    server.faults.table = [Fault("GET", PROBLEMS, status=500, times=None)]
    with pytest.raises(ProviderUnavailable):
        provider.poll(problem)


def test_a_cancel_that_is_lost_is_asked_for_again_and_one_that_is_late_leaves_the_answer(
    server: Server, provider: Provider
) -> None:
    server.cloud.behaviour = Behaviour(queue_s=600.0)
    waits, late = (provider.submit(REQUEST, UUID(int=number), None) for number in (1, 2))
    server.faults.table = [Fault("DELETE", f"{PROBLEMS}.*", status=500, times=None)]
    with pytest.raises(ProviderUnavailable):
        provider.cancel(waits)
    server.faults.table = []
    assert provider.poll(waits).state is RunState.QUEUED

    provider.cancel(waits)
    provider.cancel(waits)
    server.cloud.behaviour = Behaviour(queue_s=600.0, cancels=False)
    provider.cancel(late)

    assert [provider.poll(each).state for each in (waits, late)] == [RunState.CANCELLED, RunState.SUCCEEDED]
    assert sum(provider.result(late).counts[0].values()) == 50


@pytest.mark.parametrize("missing", ["solutions", "active_variables", "num_occurrences", "energies"])
def test_samples_in_other_words_are_not_read(server: Server, provider: Provider, missing: str) -> None:
    problem = provider.submit(REQUEST, KEY, None)
    assert provider.poll(problem).state is RunState.SUCCEEDED
    server.faults.without = (missing,)

    with pytest.raises(ProviderUnavailable):
        provider.result(problem)


@pytest.mark.parametrize(
    ("words", "code", "action"),
    [
        ("Insufficient remaining solver access time in project", "backend_overloaded", "reroute"),
        ("Solver is offline for maintenance", "backend_unavailable", "reroute"),
        ("Problem run duration 2000000 exceeds 1000000 us", "budget_exhausted", "degrade"),
        ("The problem has too many variables", "problem_too_large", "degrade"),
        ("User is not authorized for this solver", "no_backend", "fail_fast"),
        ("Invalid problem: qubit 17 is not active", "problem_unsupported", "fail_fast"),
        ("Internal server error, please try again", "backend_unavailable", "retry"),
        ("The annealer lost its cold", "backend_unavailable", "reroute"),
    ],
)
def test_the_words_of_a_problem_that_failed_say_what_the_plan_does(
    server: Server, provider: Provider, words: str, code: str, action: str
) -> None:
    server.cloud.behaviour = Behaviour(fails=words)

    failed = provider.poll(provider.submit(REQUEST, KEY, None))

    assert (failed.state, failed.code, failed.action) == (RunState.FAILED, code, action)
    assert (words in failed.detail, bool(failed.remedy)) == (True, True)


def test_every_row_of_words_is_tried() -> None:
    mark = next(each for each in test_the_words_of_a_problem_that_failed_say_what_the_plan_does.pytestmark)  # type: ignore[attr-defined]
    tried = {id(row_of_words(words)) for words, *_ in mark.args[1]}

    assert {id(row) for _, row in BY_WORDS} <= tried


def test_what_it_cost_is_told_and_never_taken_for_nothing(server: Server, provider: Provider) -> None:
    problem = provider.submit(REQUEST, KEY, None)
    assert provider.poll(problem).state is RunState.SUCCEEDED

    assert provider.result(problem).record["usage"] == {"qpu_s": 0.025, "status": "complete"}
    server.faults.without = ("qpu_access_time",)
    assert provider.result(problem).record["usage"] == {"status": "unknown"}


def test_a_problem_is_divided_into_the_ranges_of_the_annealer(server: Server, provider: Provider) -> None:
    wide = replace(SPINS, fields=((0, 40.0), (2, -0.5)))

    told = provider.preflight(replace(REQUEST, spins=wide)).record
    problem = provider.submit(replace(REQUEST, spins=wide), KEY, None)

    assert told["divided_by"] == 10.0
    assert told["embedding"] == {
        "method": "native",
        "qubits": sorted(server.cloud.solvers[CLIQUE]["properties"]["qubits"])[:3],
    }
    assert provider.poll(problem).state is RunState.SUCCEEDED
    assert set(provider.result(problem).counts[0]) <= {bits for bits in range(8) if bits & 1}


def test_a_coupling_that_no_coupler_carries_is_refused_and_one_that_fits_is_taken(server: Server) -> None:
    chain = opened(CHAIN)
    apart = Spins(3, (), ((0, 2, 1.0),))

    with pytest.raises(UnusableProblem, match="Spins 0 and 2 are coupled"):
        chain.preflight(Request((), (1,), 10, spins=apart))
    problem = chain.submit(REQUEST, KEY, None)

    assert chain.poll(problem).state is RunState.SUCCEEDED


@pytest.mark.parametrize(("solver", "known"), [("Advantage_system9", f"{CHAIN}, {CLIQUE}")])
def test_an_annealer_that_is_not_there_is_named(server: Server, solver: str, known: str) -> None:
    with pytest.raises(NoBackend, match=f"no annealer '{solver}' for this account \\(it has: {known}"):
        opened(solver)


def test_who_is_not_let_in_hears_it(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DWAVE_API_TOKEN", "wrong")

    with pytest.raises(NotAuthorised) as refused:
        opened(CLIQUE)

    assert "DWAVE_API_TOKEN" in refused.value.remedy


def test_the_higher_layer_of_the_unmodified_client_takes_the_cloud_for_leap(server: Server) -> None:
    from dwave.cloud import Client  # type: ignore[import-untyped]

    with Client.from_config() as client:
        answer: Any = client.get_solver(name=CLIQUE).sample_ising({0: 2.0, 4: 0.0}, {(0, 4): 1.0}, num_reads=20)
        assert dict(answer.result())["num_occurrences"] is not None
        assert {tuple(row[each] for each in (0, 4)) for row in answer.samples} == {(-1, 1)}


def test_what_is_said_about_a_problem_is_heard_before_it_is_read_and_never_who_says_it(
    server: Server, provider: Provider
) -> None:
    assert isinstance(provider, Overheard)
    heard: list[Exchange] = []
    server.faults.table = [Fault("POST", PROBLEMS, "after", drop=True)]

    provider.overhear(heard.append)
    try:
        with pytest.raises(Exception) as lost:
            provider.submit(REQUEST, KEY, None)
        (problem,) = provider.reconcile(KEY, None)
        provider.poll(problem)
        provider.result(problem)
    finally:
        provider.overhear(None)

    assert not getattr(lost.value, "unsent", False)
    assert [(each.name.split("?")[0], each.status) for each in heard] == [
        ("POST /problems/", None),
        ("GET /problems/", 200),
        ("GET /problems/", 200),
        (f"GET /problems/{problem}/answer", 200),
    ]
    assert label_of(KEY).encode() in heard[0].request
    assert b"solutions" in (heard[-1].answer or b"")
    assert not any(b"X-Auth-Token" in each.request for each in heard)
