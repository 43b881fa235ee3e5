"""Artifacts are forgotten shelf by shelf when their time is over, and never sooner."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from queuebit_quantum_adapter import main
from queuebit_quantum_adapter.evidence import retention
from queuebit_quantum_adapter.evidence.retention import Forgetting
from queuebit_store.artifacts.memory import MemoryArtifacts
from queuebit_store.artifacts.opening import retention_from
from queuebit_store.artifacts.port import FORGOTTEN_MAX, Shelf
from queuebit_store.errors import StoreUnavailable
from tests.fakes.clocks import StoppedClock


class OneLook(StoppedClock):
    """Time stands still, and the first rest is the end."""

    def __init__(self, stop: asyncio.Event) -> None:
        super().__init__()
        self.stop = stop

    async def sleep(self, delay_s: float) -> None:
        self.stop.set()


async def left(days: int, env: dict[str, str] | None = None) -> set[bytes]:
    """What one look leaves of two artifacts that were put so many days ago."""
    stop = asyncio.Event()
    clock = OneLook(stop)
    put_at: list[datetime] = [clock.now() - timedelta(days=days)]
    artifacts = MemoryArtifacts(lambda: put_at[0])
    artifacts.put(b"paid", Shelf.PAID)
    artifacts.put(b"free", Shelf.FREE)
    await Forgetting(artifacts, retention_from(env or {}), clock).run(stop)
    return {data for _, data in artifacts.kept.values()}


async def test_each_shelf_has_its_own_time() -> None:
    assert await left(89) == {b"paid", b"free"}
    assert await left(91) == {b"paid"}
    assert await left(731) == set()


async def test_zero_keeps_for_ever() -> None:
    assert await left(9999, {"QUEUEBIT_ARTIFACTS_KEEP_PAID_D": "0"}) == {b"paid"}


async def test_what_is_much_is_forgotten_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    stop, asked = asyncio.Event(), list[Shelf]()
    monkeypatch.setattr(retention, "FORGOTTEN_MAX", 2)

    class Many(MemoryArtifacts):
        def forget(self, shelf: Shelf, before: datetime, limit: int = FORGOTTEN_MAX) -> int:
            asked.append(shelf)
            return super().forget(shelf, before, 2)

    clock = OneLook(stop)
    artifacts = Many(lambda: clock.now() - timedelta(days=100))
    for number in range(5):
        artifacts.put(str(number).encode(), Shelf.FREE)
    await Forgetting(artifacts, retention_from({}), clock).run(stop)

    assert (asked.count(Shelf.FREE), artifacts.kept) == (3, {})


async def test_a_store_that_does_not_answer_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    stop = asyncio.Event()

    class Away(MemoryArtifacts):
        def forget(self, shelf: Shelf, before: datetime, limit: int = FORGOTTEN_MAX) -> int:
            raise StoreUnavailable(f"{shelf} is away since {before} for {limit}")

    clock = OneLook(stop)
    await Forgetting(Away(clock.now), retention_from({}), clock).run(stop)

    assert caplog.text.count("could not be forgotten") == 2


def test_a_wrong_setting_ends_the_service_before_it_begins(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QUEUEBIT_ARTIFACTS", "somewhere")

    assert main.main() == 2
    assert "QUEUEBIT_ARTIFACTS is 'somewhere'. Use an absolute path" in capsys.readouterr().err
