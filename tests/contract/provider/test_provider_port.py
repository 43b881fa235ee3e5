"""What every provider promises the adapter, whoever it is: the behaviour suite of the port."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import pi
from uuid import UUID

import pytest

from queuebit_circuits.circuit import Bound, Circuit, Gate, Measure, Register, opened
from queuebit_circuits.pauli import PauliSum
from queuebit_contracts.failures import FailureCode
from queuebit_quantum_adapter.backends.conditions import TellsCondition
from queuebit_quantum_adapter.backends.limits import Limits
from queuebit_quantum_adapter.backends.snapshots import snapshot_of
from queuebit_quantum_adapter.errors import AdapterError, KeyReused
from queuebit_quantum_adapter.ports import Provider, Recovery, Request, RunState
from queuebit_quantum_adapter.providers.aer.ideal import IdealTarget
from queuebit_quantum_adapter.providers.aer.noisy import NoisyTarget
from queuebit_quantum_adapter.providers.aer.offer import noisy_aer
from queuebit_quantum_adapter.providers.aer.provider import AerProvider
from queuebit_quantum_adapter.submissions.local import run_to_end
from queuebit_workbench.clouds.braket.server import Server as BraketServer
from queuebit_workbench.clouds.ibm.cloud import Cloud
from queuebit_workbench.clouds.ibm.server import started
from tests.contract.provider.patience import PATIENCE_S, patient
from tests.fakes.memory_provider import MemoryProvider

__all__ = ["patient"]

LIMITS = Limits({"interactive": 5, "batch": 5, "scheduled": 5}, memory_bytes_max=2**30)
KEY, OTHER = UUID(int=7), UUID(int=8)
SHOTS = 400


def ideal() -> Provider:
    return AerProvider(IdealTarget(qubits_max=5, memory_bytes_max=2**30))


def noisy() -> Provider:
    return AerProvider(NoisyTarget(**noisy_aer(LIMITS, snapshot_of("fake_manila")).options))  # type: ignore[arg-type]


def memory() -> Provider:
    return MemoryProvider(qubits_max=5)


def fenced() -> Provider:
    return MemoryProvider(qubits_max=5, recovery=Recovery.FENCE)


def searched() -> Provider:
    return MemoryProvider(qubits_max=5, recovery=Recovery.SEARCH)


@cache
def loopback() -> tuple[Cloud, Provider]:
    """A cloud and its client, for all tests."""
    pytest.importorskip("qiskit_ibm_runtime", reason="the extra `ibm` is not installed")
    from queuebit_quantum_adapter.providers.ibm.provider import IbmProvider

    with pytest.MonkeyPatch.context() as patch:
        server = started()
        for name, value in server.env().items():
            patch.setenv(name, value)
        return server.cloud, IbmProvider(backend="fake_manila", lag_s=1.0, deadline_s=PATIENCE_S)


def ibm() -> Provider:
    """With nothing submitted."""
    cloud, provider = loopback()
    cloud.jobs.clear()
    return provider


@cache
def aws() -> tuple[BraketServer, Provider]:
    """Braket's cloud and a device of it, for all tests."""
    pytest.importorskip("braket.aws", reason="the extra `braket` is not installed")
    from queuebit_quantum_adapter.providers.braket.provider import BraketProvider
    from queuebit_workbench.clouds.braket.execution import SIMULATOR
    from queuebit_workbench.clouds.braket.server import BUCKET
    from queuebit_workbench.clouds.braket.server import started as opened_cloud

    with pytest.MonkeyPatch.context() as patch:
        server = opened_cloud()
        for name, value in server.env().items():
            patch.setenv(name, value)
        return server, BraketProvider(device=SIMULATOR, bucket=BUCKET, prefix="t", lag_s=1.0, deadline_s=PATIENCE_S)


def braket() -> Provider:
    """With nothing submitted."""
    server, provider = aws()
    server.cloud.forget()
    return provider


def local_braket() -> Provider:
    pytest.importorskip("braket.devices", reason="the extra `braket` is not installed")
    from queuebit_quantum_adapter.providers.braket.local import LocalBraket

    return LocalBraket(qubits_max=5, memory_bytes_max=2**30)


@cache
def rainbow() -> Provider:
    pytest.importorskip("cirq_google", reason="the extra `cirq` is not installed")
    from queuebit_quantum_adapter.providers.cirq.provider import CirqProvider

    return CirqProvider(processor="rainbow", qubits_max=5, memory_bytes_max=2**30)


def cirq() -> Provider:
    """With nothing submitted."""
    provider = rainbow()
    provider._results.clear()  # type: ignore[attr-defined]
    return provider


@cache
def manila() -> Provider:
    pytest.importorskip("qiskit_ibm_runtime", reason="the extra `ibm` is not installed")
    from queuebit_quantum_adapter.providers.ibm.local import LocalIbm

    return LocalIbm(device="fake_manila", maker="FakeManilaV2", qubits_max=5)


def local_ibm() -> Provider:
    """With nothing submitted."""
    provider = manila()
    provider._results.clear()  # type: ignore[attr-defined]
    return provider


ADAPTERS: dict[str, Callable[[], Provider]] = {
    "ideal aer": ideal,
    "noisy aer": noisy,
    "memory": memory,
    "memory with fences": fenced,
    "memory with a search": searched,
    "ibm on loopback": ibm,
    "ibm in local mode": local_ibm,
    "braket on loopback": braket,
    "local braket": local_braket,
    "cirq": cirq,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What was asked for, and the outcome that all runs without noise have."""

    operations: tuple[Gate, ...]
    expected: int


DETERMINED = {
    "bit 0 is qubit 0": Reading((Gate("x", (0,)),), 0b001),
    "bit 2 is qubit 2": Reading((Gate("x", (2,)),), 0b100),
    "the control is named first": Reading((Gate("x", (1,)), Gate("cx", (1, 2))), 0b110),
    "the target does not control": Reading((Gate("x", (1,)), Gate("cx", (2, 1))), 0b010),
    "angles turn right-handedly": Reading(
        (Gate("h", (0,)), Gate("rz", (0,), (pi / 2,)), Gate("rx", (0,), (pi / 2,))), 0
    ),
    "and back": Reading((Gate("h", (0,)), Gate("rz", (0,), (-pi / 2,)), Gate("rx", (0,), (pi / 2,))), 1),
}


def measured(qubits: int, operations: tuple[Gate, ...]) -> Circuit:
    reads = tuple(Measure(qubit, qubit) for qubit in range(qubits))
    return Circuit(qubits, (Register("c", qubits),), (*operations, *reads))


def a_batch(*circuits: tuple[Gate, ...], shots: int = SHOTS, seed: int = 3) -> Request:
    made = tuple(Bound(measured(3, each)) for each in circuits)
    return Request(made, tuple(seed + place for place in range(len(made))), shots)


def a_template(operations: tuple[Gate, ...], *, qubits: int = 3, shots: int = SHOTS) -> Request:
    """The same gates with the angles in slots."""
    return Request((opened(measured(qubits, operations)),), (3,), shots)


def requests(operations: tuple[Gate, ...] = (Gate("ry", (0,), (pi / 2,)), Gate("cx", (0, 1)))) -> list[Request]:
    return [a_template(operations), a_batch(operations)]


def outcome(provider: Provider, request: Request, key: UUID = KEY) -> list[dict[int, int]]:
    """The counts of all circuits of a request that is handed in and waited for."""
    return [dict(each) for each in run_to_end(provider, request, key, lambda: None).counts]


def most(counts: dict[int, int]) -> int:
    return max(counts, key=lambda bits: counts[bits])


@pytest.fixture(params=ADAPTERS)
def provider(request: pytest.FixtureRequest) -> Provider:
    return ADAPTERS[request.param]()


def sent(provider: Provider, request: Request, key: UUID = KEY) -> str:
    return provider.submit(request, key, provider.fence(key))


def idempotent(provider: Provider) -> bool:
    return provider.capabilities().recovery in (Recovery.TOKEN, Recovery.NONE)


@pytest.mark.parametrize("request_", requests(), ids=["template", "batch"])
def test_what_was_submitted_is_found_by_its_key(provider: Provider, request_: Request) -> None:
    assert provider.reconcile(KEY, None) == ()

    first = sent(provider, request_)

    assert provider.reconcile(KEY, None) == (first,)
    assert provider.reconcile(OTHER, None) == ()


@pytest.mark.parametrize("request_", requests(), ids=["template", "batch"])
def test_a_repeated_key_is_the_same_submission_where_the_provider_promises_it(
    provider: Provider, request_: Request
) -> None:
    ids = [sent(provider, request_) for _ in range(3)]

    if idempotent(provider):
        assert len(set(ids)) == 1
        with pytest.raises(KeyReused):
            sent(provider, a_batch((Gate("x", (2,)),)))
    else:
        assert len(set(ids)) == 3
    assert provider.reconcile(KEY, None) == tuple(dict.fromkeys(ids)), "all of them, the oldest first"


def test_nothing_is_taken_behind_a_closed_fence(provider: Provider) -> None:
    template, _ = requests()
    fence = provider.fence(KEY)
    if provider.capabilities().recovery is not Recovery.FENCE:
        assert fence is None
        return
    assert fence is not None
    before = provider.submit(template, KEY, fence)

    provider.close(fence)
    provider.close(fence)

    with pytest.raises(AdapterError) as late:
        provider.submit(template, KEY, fence)
    assert late.value.unsent
    assert provider.reconcile(KEY, fence) == (before,)
    assert provider.poll(before).state in (RunState.QUEUED, RunState.RUNNING, RunState.SUCCEEDED)


def test_its_backend_is_among_those_that_it_discovers(provider: Provider) -> None:
    assert provider.capabilities() in provider.discover()


@pytest.mark.parametrize("request_", requests(), ids=["template", "batch"])
def test_the_same_seed_gives_the_same_counts_anywhere(provider: Provider, request_: Request) -> None:
    again = ADAPTERS[
        next(name for name, make in ADAPTERS.items() if make().capabilities() == provider.capabilities())
    ]()
    first, second = outcome(again, request_, OTHER), outcome(provider, request_, KEY)

    if provider.capabilities().repeats:
        assert first == second
    else:
        assert [sum(each.values()) for each in first] == [sum(each.values()) for each in second]


def test_what_ended_stays_ended_and_cancelling_it_is_no_error(provider: Provider) -> None:
    template, _ = requests()
    counts = outcome(provider, template)
    (provider_id,) = provider.reconcile(KEY, None)

    provider.cancel(provider_id)

    assert provider.poll(provider_id).state is RunState.SUCCEEDED
    assert [dict(each) for each in provider.result(provider_id).counts] == counts


def test_an_id_that_is_not_known_has_no_state_and_no_result(provider: Provider) -> None:
    provider.cancel("elsewhere")

    assert provider.poll("elsewhere").state is RunState.UNKNOWN
    with pytest.raises(AdapterError):
        provider.result("elsewhere")


def test_results_come_in_the_order_of_the_circuits(provider: Provider) -> None:
    order = (2, 0, 1, 0)

    found = outcome(provider, a_batch(*((Gate("x", (qubit,)),) for qubit in order)))

    assert [most(counts) for counts in found] == [1 << qubit for qubit in order]
    assert {sum(counts.values()) for counts in found} == {SHOTS}


@pytest.mark.parametrize("name", DETERMINED)
@pytest.mark.parametrize("as_template", [True, False], ids=["template", "batch"])
def test_bits_and_signs_are_those_that_were_asked_for(provider: Provider, name: str, as_template: bool) -> None:
    asked = DETERMINED[name]

    (counts,) = outcome(provider, a_template(asked.operations) if as_template else a_batch(asked.operations))

    assert most(counts) == asked.expected
    assert counts[asked.expected] > 0.7 * SHOTS


def test_what_has_no_room_is_refused_before_it_is_sent(provider: Provider) -> None:
    wide = Circuit(20, (Register("c", 1),), (Measure(0, 0),))

    for request in (a_template((Gate("h", (0,)),), qubits=20), Request((Bound(wide),), (1,), 10)):
        with pytest.raises(AdapterError) as refused:
            provider.preflight(request)
        assert refused.value.code is FailureCode.PROBLEM_TOO_LARGE
        assert provider.reconcile(KEY, None) == ()


def test_what_a_backend_can_is_said_as_data_and_kept(provider: Provider) -> None:
    told = provider.capabilities()
    bell = Circuit(2, (), (Gate("h", (0,)), Gate("cx", (0, 1))))
    exact = Request((Bound(bell),), (0,), observable=PauliSum(2, ((1.0, "ZZ"),)))

    if told.exact:
        assert run_to_end(provider, exact, KEY, lambda: None).values == pytest.approx((1.0,))
    else:
        with pytest.raises(AdapterError) as refused:
            provider.preflight(exact)
        assert refused.value.code is FailureCode.PROBLEM_UNSUPPORTED
    expected = [provider.preflight(request) for request in requests()]
    assert [each.qubits for each in expected] == [3, 3]
    if told.estimates:
        assert all(0 < (each.success or 0) <= 1 and (each.seconds or 0) > 0 for each in expected)
    else:
        assert [(each.success, each.seconds) for each in expected] == [(None, None)] * 2
    assert provider.capabilities() == told


def test_how_its_backend_is_is_said_where_the_provider_tells(provider: Provider) -> None:
    if isinstance(provider, TellsCondition):
        found = provider.condition()

        assert found.available
        assert found.queue_length in (None, 0)
        if provider.capabilities().calibrated_at is not None:
            assert found.calibrated_at == provider.capabilities().calibrated_at
            assert found.calibration is not None
            assert found.calibration.qubits >= 3
            assert 0 < (found.calibration.two_qubit_error or 0) < 0.2
            assert 0 < (found.calibration.readout_error or 0) < 0.2
            assert 1e-6 < (found.calibration.t1_s or 0) < 1e-2


def test_they_differ_in_what_they_can() -> None:
    told = {name: make().capabilities() for name, make in ADAPTERS.items()}
    assert {name: (each.exact, each.estimates, each.recovery) for name, each in told.items()} == {
        "ideal aer": (True, False, Recovery.NONE),
        "noisy aer": (False, True, Recovery.NONE),
        "memory": (False, False, Recovery.TOKEN),
        "memory with fences": (False, False, Recovery.FENCE),
        "memory with a search": (False, False, Recovery.SEARCH),
        "ibm on loopback": (False, True, Recovery.FENCE),
        "ibm in local mode": (False, True, Recovery.NONE),
        "braket on loopback": (False, False, Recovery.TOKEN),
        "local braket": (False, False, Recovery.NONE),
        "cirq": (False, False, Recovery.NONE),
    }


def test_what_waits_in_line_can_be_cancelled() -> None:
    provider, (template, _) = MemoryProvider(), requests()
    provider_id = sent(provider, template)
    assert provider.poll(provider_id).state is RunState.QUEUED

    provider.cancel(provider_id)

    assert provider.poll(provider_id).state is RunState.CANCELLED
    with pytest.raises(AdapterError):
        provider.result(provider_id)
