"""What runs beside the services is started before them, and they hear of it; services that run already are not passed by."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from queuebit_devstack import up
from queuebit_devstack.errors import ServiceFailed
from queuebit_devstack.state import ProcessRecord, StackState
from queuebit_devstack.supervise import ServiceSpec


class Started:
    """A stack whose servers are up, as far as `bring_up` asks."""

    attached = True
    kafka, postgres = "kafka:9092", "postgresql://nobody@nowhere/db"

    def __init__(self, data_dir: Path, *processes: ProcessRecord) -> None:
        self.data_dir = data_dir
        self.state = replace(StackState(stack_id="s"), processes=processes)

    def env(self) -> dict[str, str]:
        return {"QUEUEBIT_POSTGRES": self.postgres}

    def announce_gateway(self, url: str) -> None:
        self.state = replace(self.state, gateway=url)

    def disown(self) -> None:
        """Nothing is owned."""


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was done, in order, with the specifications of the services at its end."""
    done: list[Any] = []

    async def prepared(stack: Started) -> None:
        done.append("prepared")

    async def credentials(stack: Started, url: str) -> None:
        done.append("credentials")

    async def handed(stack: Started, specs: Sequence[ServiceSpec], alive: Mapping[str, ProcessRecord]) -> None:
        done.append(specs)

    monkeypatch.setattr(up, "prepare", prepared)
    monkeypatch.setattr(up, "ensure_credentials", credentials)
    monkeypatch.setattr(up, "_hand_over", handed)
    return done


async def brought_up(stack: Started, steps: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    async def start(**_: Any) -> Started:
        return stack

    async def beside(_: Any) -> dict[str, str]:
        steps.append("beside")
        return {"QUEUEBIT_QUANTUM_PROVIDERS": "aer,ibm"}

    monkeypatch.setattr(up, "start_stack", start)
    await up.bring_up(brokers=1, servers_only=False, foreground=False, http_port=0, say=lambda _: None, beside=beside)


async def test_it_is_started_before_the_services_and_told_to_them(
    tmp_path: Path, steps: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    await brought_up(Started(tmp_path), steps, monkeypatch)

    *before, specs = steps
    assert before == ["prepared", "beside", "credentials"]
    assert {spec.env["QUEUEBIT_QUANTUM_PROVIDERS"] for spec in specs} == {"aer,ibm"}


async def test_services_that_run_already_would_not_hear_of_it_so_that_nothing_is_started(
    tmp_path: Path, steps: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun_s = psutil.Process().create_time()
    mine = ProcessRecord("quantum_adapter", os.getpid(), begun_s, "", None, None)

    with pytest.raises(ServiceFailed, match="queuebit down"):
        await brought_up(Started(tmp_path, mine), steps, monkeypatch)

    assert steps == []


async def test_what_comes_last_comes_also_where_the_stack_stays_in_the_foreground(
    tmp_path: Path, steps: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given `--foreground`, then what is to run when all is ready is started before the services are kept, not after."""

    async def start(**_: Any) -> Started:
        return Started(tmp_path)

    async def last(_: Any) -> None:
        steps.append("last")

    class Kept:
        def __init__(self, *_: Any) -> None:
            """It keeps nothing."""

        async def run(self, _: asyncio.Event) -> None:
            steps.append("kept")

    monkeypatch.setattr(up, "start_stack", start)
    monkeypatch.setattr(up, "Keeper", Kept)

    await up.bring_up(brokers=1, servers_only=True, foreground=True, http_port=0, say=lambda _: None, last=last)

    assert steps == ["last", "kept"]
