"""What charges on a lane where others do not is used by jobs that name it, and by no others."""

from __future__ import annotations

import pytest

from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.backends.spec import BackendSpec, Setup
from queuebit_quantum_adapter.backends.targets import Targets
from queuebit_quantum_adapter.errors import NoBackend
from queuebit_quantum_adapter.providers.aer.offer import aer
from queuebit_quantum_adapter.providers.braket.offer import backends
from tests.unit.quantum_adapter.models import LIMITS

SV1 = "arn:aws:braket:::device/quantum-simulator/amazon/sv1"
FREE = aer(LIMITS)
PAID = BackendSpec("sv1", "1", "simulator", "nowhere:open", 99, durable=True, only_named=True)


def test_a_circuit_that_is_too_large_for_what_is_free_does_not_go_to_what_charges() -> None:
    found = Backends([FREE, PAID])

    assert found.of("simulator", 40) == FREE
    assert found.of("simulator", 40, not_on=()) == FREE
    assert found.of("simulator", 4, only="sv1") == PAID


def test_where_there_is_nothing_else_the_refusal_says_how_to_name_it() -> None:
    with pytest.raises(NoBackend, match="runs only jobs that name it") as refused:
        Backends([PAID]).of("simulator", 4)

    assert "params.backend" in refused.value.remedy
    with pytest.raises(NoBackend, match="where it failed"):
        Backends([FREE, PAID]).of("simulator", 4, not_on=[FREE.name])


def test_simulators_of_amazon_are_such_and_its_machines_are_not() -> None:
    env = {"QUEUEBIT_BRAKET_DEVICES": f"{SV1},arn:aws:braket:us-east-1::device/qpu/ionq/Forte-1,local"}
    found = backends(Setup(LIMITS), {**env, "QUEUEBIT_BRAKET_BUCKET": "b"})

    assert [(spec.lane, spec.only_named) for spec in found] == [
        ("simulator", True), ("quantum", False), ("simulator", False),
    ]  # fmt: skip


def test_devices_of_one_region_share_the_places_of_the_account_there() -> None:
    devices = ["arn:aws:braket:us-east-1::device/qpu/ionq/Forte-1", "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet"]
    env = {
        "QUEUEBIT_BRAKET_DEVICES": ",".join([SV1, *devices]),
        "QUEUEBIT_BRAKET_BUCKET": "b",
        "AWS_REGION": "us-east-1",
    }

    found = backends(Setup(LIMITS), {**env, "QUEUEBIT_BRAKET_AT_ONCE": "3", "QUEUEBIT_BRAKET_PER_MINUTE": "20"})

    assert [(each.account, each.at_once_max, each.per_minute_max) for each in found] == [
        ("braket:us-east-1", 3, 20), ("braket:us-east-1", 3, 20), ("braket:eu-north-1", 3, 20),
    ]  # fmt: skip
    assert {(each.at_once_max, each.per_minute_max) for each in backends(Setup(LIMITS), env)} == {(0, 0)}
    with pytest.raises(NoBackend, match="QUEUEBIT_BRAKET_AT_ONCE is '-1'"):
        backends(Setup(LIMITS), {**env, "QUEUEBIT_BRAKET_AT_ONCE": "-1"})


def test_a_device_that_is_stood_in_for_is_no_ideal_machine_of_another_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("qiskit_ibm_runtime", reason="the extra `noise` is not installed")
    monkeypatch.setenv("QUEUEBIT_BRAKET_DEVICES", "local")
    targets = Targets(["aer", "braket"], Setup(LIMITS, "fake_lima"))

    assert [spec.noisy for spec in targets.backends("fake_manila").all()] == [True]
    assert [spec.name for spec in targets.backends("exact").all()] == [FREE.name, "braket_local"]
