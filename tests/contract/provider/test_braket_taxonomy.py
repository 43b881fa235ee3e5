"""Every row of Braket's taxonomy, through its unmodified client against the cloud: what it is, what is done, the remedy."""

from __future__ import annotations

import pytest

pytest.importorskip("braket.aws", reason="the extra `braket` is not installed")

from queuebit_contracts.failures import FailureCode
from queuebit_quantum_adapter.errors import AdapterError
from queuebit_quantum_adapter.ports import Poll, RunState
from queuebit_quantum_adapter.providers.braket.provider import BraketProvider
from queuebit_quantum_adapter.providers.braket.taxonomy import BY_ERROR, BY_STATUS, BY_WORDS, row_of_words
from queuebit_quantum_adapter.providers.rows import FAILED, Row
from queuebit_workbench.clouds.braket.cloud import Behaviour
from queuebit_workbench.clouds.braket.server import Server
from queuebit_workbench.clouds.faults import Fault
from tests.contract.provider.braket_on_loopback import KEY, REQUEST, TASKS, cloud, provider, server

__all__ = ["cloud", "provider", "server"]

STATUS = {
    "AccessDeniedException": 403,
    "UnrecognizedClientException": 403,
    "ExpiredTokenException": 403,
    "ServiceQuotaExceededException": 402,
    "ResourceNotFoundException": 404,
    "DeviceRetiredException": 410,
    "DeviceOfflineException": 424,
    "ThrottlingException": 429,
}
WORDS = (
    ("The device is currently offline.", 0),
    ("The task was outside of the execution window of the device.", 0),
    ("The spending limit of the account is reached.", 1),
    ("Access Denied when writing to the bucket.", 2),
    ("The task ran into the time limit.", 3),
    ("The program is too large.", 4),
    ("Validation of the program failed: gate xyz is not supported.", 5),
    ("Internal service error.", 6),
)


def refused(server: Server, provider: BraketProvider, name: str, status: int) -> AdapterError:
    headers = {"x-amzn-ErrorType": name, "Retry-After": "17"}
    server.faults.table = [Fault("POST", TASKS, status=status, headers=headers, body={"message": "no"}, times=None)]
    with pytest.raises(AdapterError) as found:
        provider.submit(REQUEST, KEY, None)
    assert server.cloud.tasks == {}
    return found.value


@pytest.mark.parametrize(
    ("name", "status", "row"),
    [
        *((name, STATUS.get(name, 400), row) for name, row in BY_ERROR.items()),
        *(("ANewException", status, row) for status, row in BY_STATUS.items()),
    ],
)
def test_an_error_says_what_is_to_be_done_and_that_nothing_was_taken(
    server: Server, provider: BraketProvider, name: str, status: int, row: Row
) -> None:
    error = refused(server, provider, name, status)

    told = error.unsent, error.code, error.action, error.reason, error.remedy
    assert told == (True, row.code, row.action, name, row.advice)
    assert error.transient is (row.action == "retry")
    assert error.retry_after_s == (17.0 if row.code is FailureCode.BACKEND_OVERLOADED else None)


@pytest.mark.parametrize(
    ("name", "status"), [("ConflictException", 409), ("InternalServiceException", 500), ("ServiceUnavailable", 503)]
)
def test_of_others_nobody_knows_what_became(server: Server, provider: BraketProvider, name: str, status: int) -> None:
    server.faults.table = [
        Fault("POST", TASKS, "after", status=status, headers={"x-amzn-ErrorType": name}, body={"message": "no"})
    ]
    with pytest.raises(Exception) as doubtful:
        provider.submit(REQUEST, KEY, None)

    assert not (isinstance(doubtful.value, AdapterError) and doubtful.value.unsent)
    assert len(server.cloud.tasks) == 1


@pytest.mark.parametrize(("words", "place"), WORDS)
def test_the_words_of_a_task_that_failed_say_what_is_to_be_done(
    server: Server, provider: BraketProvider, words: str, place: int
) -> None:
    row = BY_WORDS[place][1]
    server.cloud.behaviour = Behaviour(queue_s=600.0)
    task = server.cloud.tasks[provider.submit(REQUEST, KEY, None)]
    task.state, task.reason = "FAILED", words

    assert provider.poll(task.arn) == Poll(
        RunState.FAILED, detail=f"FAILED {words}", code=row.code, action=row.action, remedy=row.advice
    )


def test_every_row_is_met_and_words_that_are_not_known_fail() -> None:
    assert {place for _, place in WORDS} == set(range(len(BY_WORDS)))
    assert row_of_words("Something broke.") is row_of_words("") is FAILED
