"""The outcome of each run from the unmodified client of IBM: where it is asked for, in order, and it adds up to the counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from uuid import UUID

import pytest

from queuebit_circuits.circuit import Bound, Circuit, Gate, Measure, Register
from queuebit_quantum_adapter.ports import Request, RunState
from queuebit_quantum_adapter.submissions.codec import decode_result, encode_result
from queuebit_workbench.clouds.ibm.server import Server
from tests.waiting import wait_until

pytest.importorskip("qiskit_ibm_runtime", reason="the extra `ibm` is not installed")

from queuebit_quantum_adapter.providers.ibm.local import LocalIbm
from queuebit_quantum_adapter.providers.ibm.provider import IbmProvider
from tests.contract.provider.ibm_on_loopback import both, provider, server

__all__ = ["both", "provider", "server"]

COIN = Circuit(2, (Register("c", 2),), (Gate("h", (0,)), Gate("x", (1,)), Measure(0, 0), Measure(1, 1)))
ASKED = Request((Bound(COIN), Bound(COIN)), (1, 2), 200, memory=True)


def run(provider: IbmProvider | LocalIbm, request: Request, key: UUID) -> tuple[tuple[int, ...], ...]:
    provider.preflight(request)
    job = provider.submit(request, key, provider.fence(key))
    wait_until(lambda: provider.poll(job).state is RunState.SUCCEEDED, "the program ran")
    result = decode_result(encode_result(provider.result(job)))
    assert [sum(each.values()) for each in result.counts] == [200, 200]
    assert [Counter(each) for each in result.memory] == (
        [dict(each) for each in result.counts] if request.memory else []
    )
    return result.memory


def test_a_device_tells_the_outcome_of_each_run_where_it_is_asked_for(server: Server, provider: IbmProvider) -> None:
    assert provider.capabilities().memory

    first, second = run(provider, ASKED, UUID(int=71))

    assert len(first) == len(second) == 200
    assert first != tuple(sorted(first))
    assert run(provider, replace(ASKED, memory=False), UUID(int=72)) == ()


def test_the_client_s_own_simulation_tells_it_too() -> None:
    local = LocalIbm(device="fake_manila", maker="FakeManilaV2", qubits_max=5)

    assert local.capabilities().memory
    assert len(run(local, ASKED, UUID(int=73))[0]) == 200
