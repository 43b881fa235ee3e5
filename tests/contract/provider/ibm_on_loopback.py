"""IBM's cloud on loopback and the unmodified client on it: what tests of both share."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest

pytest.importorskip("qiskit_ibm_runtime", reason="the extra `ibm` is not installed")

from queuebit_quantum_adapter.providers.ibm.provider import IbmProvider
from queuebit_workbench.clouds.ibm.cloud import Behaviour
from queuebit_workbench.clouds.ibm.server import Server, started
from tests.contract.provider.ibm_asked import JOBS, REQUEST
from tests.contract.provider.patience import PATIENCE_S

__all__ = ["JOBS", "REQUEST"]

KEY = UUID(int=7)
DEADLINE_S = 2.0
"""Of whoever is to find that nobody answers."""


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[Server, IbmProvider]]:
    server = started()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.env().items():
            patch.setenv(name, value)
        yield server, opened()
    server.close()


def opened(deadline_s: float = PATIENCE_S) -> IbmProvider:
    """One more client of the cloud."""
    return IbmProvider(backend="fake_manila", lag_s=1.0, deadline_s=deadline_s)


@pytest.fixture
def server(both: tuple[Server, IbmProvider]) -> Iterator[Server]:
    """A cloud that has nothing and does nothing wrong yet."""
    found = both[0]
    found.cloud.jobs.clear()
    yield found
    found.site.faults.table, found.site.faults.without = [], ()
    found.cloud.behave(Behaviour())
    found.cloud.valid_from = 1


@pytest.fixture
def provider(both: tuple[Server, IbmProvider]) -> IbmProvider:
    return both[1]


def sent(provider: IbmProvider) -> str:
    return provider.submit(REQUEST, KEY, provider.fence(KEY))


def raised(provider: IbmProvider) -> Exception:
    """What a submission raises."""
    with pytest.raises(Exception) as found:
        sent(provider)
    return found.value
