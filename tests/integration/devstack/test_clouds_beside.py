"""Clouds on loopback beside a stack: what they tell the services leads the unmodified client there."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from queuebit_devstack.errors import ServiceFailed
from queuebit_devstack.processes import end_processes
from queuebit_devstack.stack import Stack
from queuebit_devstack.state import ProcessRecord
from queuebit_workbench.clouds import beside
from queuebit_workbench.clouds.beside import PROVIDERS, Cloud, start_clouds


class Records:
    """A stack as far as clouds need one: where it lies, and which processes it must end."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.processes: list[ProcessRecord] = []

    def record(self, process: ProcessRecord) -> None:
        self.processes.append(process)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    found = Records(tmp_path)
    yield found
    end_processes(found.processes, ask=signal.SIGTERM, grace_s=5.0)


async def test_the_adapter_is_led_to_a_cloud_that_has_the_backend_it_is_told_of(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("braket.aws", reason="the extra `braket` is not installed")
    from queuebit_quantum_adapter.backends.limits import Limits
    from queuebit_quantum_adapter.backends.spec import Setup
    from queuebit_quantum_adapter.providers.braket.offer import backends
    from queuebit_quantum_adapter.providers.braket.provider import open_provider

    monkeypatch.setenv(PROVIDERS, "aer")
    env = await start_clouds(cast(Stack, records), ["braket"])
    for name, value in env.items():
        monkeypatch.setenv(name, value)

    spec, simulator = backends(Setup(Limits({}, memory_bytes_max=2**30)), os.environ)

    assert env[PROVIDERS] == "aer,braket"
    assert (spec.lane, simulator.lane) == ("quantum", "simulator")
    assert open_provider(**spec.options).capabilities().backend == spec.name
    assert [each.name for each in records.processes] == ["braket-cloud"]


async def test_a_cloud_that_does_not_open_is_named_with_its_last_words(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "CLOUDS", {"ibm": Cloud(("queuebit_workbench.clouds.nowhere",))})

    with pytest.raises(ServiceFailed, match="No module named"):
        await start_clouds(cast(Stack, records), ["ibm"])
