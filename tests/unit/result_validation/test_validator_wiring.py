"""The validator wired on the memory bus, and what its process must not load."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from queuebit_contracts.channels import EXECUTIONS, VALIDATIONS
from queuebit_contracts.envelope import Envelope, decode, encode_data, encode_headers
from queuebit_contracts.events import ResultValidated
from queuebit_contracts.ids import derive_id
from queuebit_result_validation.main import build_validator, main
from queuebit_result_validation.settings import ValidationSettings
from queuebit_runtime.bus.memory.broker import MemoryBroker
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_runtime.bus.port import Outgoing
from queuebit_runtime.clock import SystemClock
from tests.unit.result_validation.executions import JOB_ID, NOW, an_execution


async def test_a_record_that_is_delivered_twice_gives_one_id() -> None:
    clock = SystemClock()
    broker = MemoryBroker(clock)
    bus = MemoryBus(broker)
    build_validator(bus, clock, ValidationSettings())
    await bus.start()
    execution = an_execution()
    envelope = Envelope(derive_id(JOB_ID, "x"), "/queuebit/classical-solver", str(JOB_ID), NOW, execution, "acme")
    record = Outgoing(EXECUTIONS, str(JOB_ID).encode(), encode_data(execution), encode_headers(envelope))
    await bus.publish([record, record])
    deadline = clock.monotonic_s() + 10
    while len(broker.records(VALIDATIONS)) < 2 and clock.monotonic_s() < deadline:
        await clock.sleep(0.01)
    await bus.stop()
    verdicts = [decode(each.headers, each.value) for each in broker.records(VALIDATIONS)]
    assert [type(each.data) for each in verdicts] == [ResultValidated, ResultValidated]
    assert {each.id for each in verdicts} == {derive_id(envelope.id, "verdict")}


def test_the_process_loads_no_solver_no_sdk_and_no_numpy() -> None:
    code = (
        "import sys, queuebit_result_validation.main;"
        "print([m for m in ('ortools', 'qiskit', 'numpy', 'asyncpg') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_a_wrong_setting_is_named_and_ends_the_start(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setenv("QUEUEBIT_VALIDATION_BATCH_MAX", "many")
    assert main() == 2
    assert "QUEUEBIT_VALIDATION_BATCH_MAX: " in capsys.readouterr().err
