"""A batch whose opening was not heard of is found by both clients that nobody modified, and closed; others' batches stay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

pytest.importorskip("qiskit_ibm_runtime", reason="the extra `ibm` is not installed")
pytest.importorskip("qrmi", reason="the extra `qrmi` is not installed")

from queuebit_quantum_adapter.errors import NotSent, ProviderUnavailable
from queuebit_quantum_adapter.providers.ibm.provider import IbmProvider
from queuebit_quantum_adapter.providers.qrmi.provider import QrmiProvider
from queuebit_workbench.clouds.faults import Fault
from queuebit_workbench.clouds.ibm.server import Server, started
from tests.contract.provider.ibm_asked import REQUEST
from tests.contract.provider.patience import PATIENCE_S

KEY = UUID(int=7)
DEVICE = "fake_manila"
SWEPT: dict[str, Any] = {"lag_s": 1.0, "deadline_s": PATIENCE_S, "sweep_s": 0.0, "stray_s": 0.0}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    server = started(DEVICE)
    for name, value in {**server.env(), **server.env_of_qrmi(DEVICE)}.items():
        monkeypatch.setenv(name, value)
    yield server
    server.close()


@pytest.mark.parametrize(
    "opened",
    [lambda: IbmProvider(backend=DEVICE, **SWEPT), lambda: QrmiProvider(resource=DEVICE, **SWEPT)],
    ids=["ibm", "qrmi"],
)
def test_a_lost_opening_leaves_a_batch_that_is_found_and_closed(
    server: Server, opened: Callable[[], IbmProvider | QrmiProvider]
) -> None:
    provider = opened()
    others = [
        server.cloud.open_session(DEVICE, "batch", 8 * 3600),
        server.cloud.open_session(DEVICE, "dedicated", 600),
        server.cloud.open_session("elsewhere", "batch", 600),
    ]
    server.site.faults.table = [Fault("POST", "/experimental/sessions", "after", drop=True)]
    with pytest.raises(ProviderUnavailable):
        provider.fence(KEY)
    [stray] = [each for each in server.cloud.sessions.values() if each not in others]
    assert stray.accepting

    closed = provider.sweep()

    assert closed == (stray.id,)
    assert (stray.accepting, [each.accepting for each in others]) == (False, [True] * 3)
    assert provider.sweep() == ()
    with pytest.raises(NotSent):
        provider.submit(REQUEST, KEY, stray.id)
    assert provider.submit(REQUEST, KEY, provider.fence(KEY)) in server.cloud.jobs
