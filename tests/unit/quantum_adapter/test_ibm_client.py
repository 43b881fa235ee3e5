"""The client of IBM Quantum: what it says where nobody answers, where what was named is not there, how long to wait."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from queuebit_contracts.failures import FailureCode
from queuebit_quantum_adapter.errors import AdapterError, NoBackend, ProviderUnavailable

pytest.importorskip("qiskit_ibm_runtime", reason="the extra `ibm` is not installed")


def _raising(error: Exception, cause: Exception | None = None) -> Any:
    def call(*_arguments: object) -> Any:
        raise error from cause

    return call


class Opened:
    """A service without the backend that is asked for, whose list of backends can be read."""

    _active_api_client = SimpleNamespace(list_backends=list)

    def __init__(self, error: Exception) -> None:
        self.backend = _raising(error)


def test_an_account_that_nobody_answers_for_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client itself says that the token is wrong."""
    from requests.exceptions import ConnectionError as NotConnected

    from queuebit_quantum_adapter.providers.ibm import client

    found = []
    for cause in (NotConnected("refused"), None):
        monkeypatch.setattr(client, "QiskitRuntimeService", _raising(ValueError("a valid API token"), cause))
        with pytest.raises(AdapterError) as raised:
            client.open_service(client.Heard(), 1.0)
        found.append(raised.value.code)

    assert found == [FailureCode.BACKEND_UNAVAILABLE, FailureCode.NO_BACKEND]


def test_an_account_of_another_instance_than_the_one_whose_region_is_stated_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Given a saved account, which counts where the environment holds no token."""
    from queuebit_quantum_adapter.providers.ibm import client

    europe, america = (f"crn:v1:bluemix:public:quantum-computing:{each}:a/0:1::" for each in ("eu-de", "us-east"))
    saved = SimpleNamespace(_api_clients={america: SimpleNamespace(_session=SimpleNamespace(mount=lambda *_: None))})
    monkeypatch.setattr(client, "QiskitRuntimeService", lambda: saved)

    monkeypatch.setenv("QISKIT_IBM_INSTANCE", europe)
    with pytest.raises(NoBackend, match="another instance than QISKIT_IBM_INSTANCE names"):
        client.open_service(client.Heard(), 1.0)

    for stated in (america, "a-name", ""):
        monkeypatch.setenv("QISKIT_IBM_INSTANCE", stated)
        assert client.open_service(client.Heard(), 1.0) is saved


def test_a_backend_that_is_not_there_is_named_and_one_that_is_silent_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from qiskit.providers.exceptions import QiskitBackendNotFoundError
    from qiskit_ibm_runtime.api.exceptions import RequestsApiError  # type: ignore[import-untyped]

    from queuebit_quantum_adapter.providers.ibm import provider

    found = []
    for error in (QiskitBackendNotFoundError("no match"), RequestsApiError("503"), RequestsApiError("gone", 404)):
        monkeypatch.setattr(provider, "open_service", lambda *_, error=error: Opened(error))
        with pytest.raises(AdapterError, match="ibm_nowhere") as raised:
            provider.IbmProvider(backend="ibm_nowhere", lag_s=1.0, deadline_s=1.0)
        found.append(raised.value.code)

    assert found == [FailureCode.NO_BACKEND, FailureCode.BACKEND_UNAVAILABLE, FailureCode.NO_BACKEND]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("17", 17.0), ("0", 0.0), ("-5", None), ("inf", None), ("nan", None), ("1e12", None), ("soon", None)],
)
def test_a_wait_that_is_none_is_not_heard(text: str, seconds: float | None) -> None:
    from queuebit_quantum_adapter.providers.ibm import client

    assert client._seconds(text) == seconds


def test_jobs_that_are_counted_and_not_listed_are_not_absent() -> None:
    from queuebit_quantum_adapter.providers.ibm.provider import IbmProvider

    def reconciled(*pages: dict[str, Any]) -> tuple[str, ...]:
        left = iter(pages)
        provider = object.__new__(IbmProvider)
        provider._service = SimpleNamespace(_active_api_client=SimpleNamespace(jobs_get=lambda **_: next(left)))
        return provider.reconcile(UUID(int=1), "f")

    job = {"id": "j", "created": "2026-01-01"}
    assert reconciled({"jobs": [], "count": 0}) == ()
    assert reconciled({"jobs": [job], "count": 1}) == ("j",)
    with pytest.raises(ProviderUnavailable):
        reconciled({"jobs": [], "count": 1})
    with pytest.raises(ProviderUnavailable):
        reconciled({"jobs": [job], "count": 2}, {"jobs": [], "count": 2})
