"""Standing probes through the unmodified client of IBM: one a period, however many adapters look, and paid once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.submissions.following import advance
from queuebit_quantum_adapter.submissions.probing import Prober, Probes
from queuebit_runtime.clock import SystemClock
from queuebit_store.memory import MemoryDatabase, MemoryStore
from queuebit_store.submissions.port import SubmissionState, probe_lineage
from queuebit_workbench.clouds.ibm.server import Server

pytest.importorskip("qiskit_ibm_runtime", reason="the extra `ibm` is not installed")

from queuebit_quantum_adapter.providers.ibm.provider import IbmProvider
from tests.contract.provider.ibm_on_loopback import both, provider, server

__all__ = ["both", "provider", "server"]

HOUR_S, DAYS_S = 3600.0, 30 * 86_400.0
SPEC = BackendSpec("fake_manila", "1", "quantum", "nowhere:none", 5, durable=True)
PROBES = Probes(frozenset({"fake_manila"}), HOUR_S, 200)


@dataclass
class Place:
    """A ledger whose hours pass as a test says, and adapters on it."""

    provider: IbmProvider
    now_s: float = 1_000_000_000.0

    def __post_init__(self) -> None:
        self.store = MemoryStore(MemoryDatabase(lambda: self.now_s))

    async def open(self) -> Any:
        return self.store

    def prober(self, probes: Probes = PROBES) -> Prober:
        return Prober(self.open, [SPEC], SystemClock(), probes, kept_s=DAYS_S)

    async def followed(self) -> None:
        """Until nothing is on its way."""
        for _ in range(200):
            rows = await self.store.submissions_of(probe_lineage(SPEC.name))
            if all(row.state.final for row in rows):
                return
            await advance(self.open, SPEC, lambda: self.provider, poll_s=0.05)
            self.now_s += 0.5
        raise AssertionError("It was not followed to its end.")


async def test_a_probe_is_handed_in_once_a_period_and_tells_how_the_backend_does(
    server: Server, provider: IbmProvider
) -> None:
    place = Place(provider)
    one, two = place.prober(), place.prober()

    for prober in (one, two, one):
        await prober.look(SPEC)
    await place.followed()
    for prober in (one, place.prober()):
        await prober.look(SPEC)
        drift = prober.drifts()["fake_manila"]
        assert (drift.probes, drift.drifted, drift.usual) == (1, False, None)
        assert 0.6 < drift.survival <= 1.0
    assert len(server.cloud.jobs) == 1

    place.now_s += HOUR_S
    await two.look(SPEC)
    await place.followed()
    await two.look(SPEC)

    assert two.drifts()["fake_manila"].probes == 2
    assert len(server.cloud.jobs) == 2


async def test_no_further_probe_is_handed_in_while_one_waits_in_the_queue(
    server: Server, provider: IbmProvider
) -> None:
    place = Place(provider)
    await place.prober().look(SPEC)
    await advance(place.open, SPEC, lambda: provider)

    place.now_s += 30 * HOUR_S
    await place.prober().look(SPEC)

    [row] = await place.store.submissions_of(probe_lineage(SPEC.name))
    assert row.state is not SubmissionState.INTENDED
    assert len(server.cloud.jobs) == 1


async def test_a_probe_that_cannot_be_read_stops_no_other(
    server: Server, provider: IbmProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a result of a newer release, then it counts for nothing, and the next period has its probe."""
    place = Place(provider)
    await place.prober().look(SPEC)
    await place.followed()
    place.now_s += HOUR_S
    with monkeypatch.context() as newer:
        newer.setattr("queuebit_quantum_adapter.submissions.probing.decode_result", _unknown)
        prober = place.prober()
        await prober.look(SPEC)
        assert prober.drifts() == {}
    await place.followed()

    assert len(server.cloud.jobs) == 2


def _unknown(_data: bytes) -> Any:
    raise ValueError("a version that is not known")


async def test_what_is_not_named_is_not_probed_and_a_name_of_nothing_is_told(
    server: Server, provider: IbmProvider, caplog: pytest.LogCaptureFixture
) -> None:
    stop = asyncio.Event()
    stop.set()

    await Place(provider).prober(Probes()).run(stop)
    assert caplog.text == ""
    await Place(provider).prober(Probes(frozenset({"ibm_atlantis"}))).run(stop)

    assert "ibm_atlantis is not probed" in caplog.text
    assert server.cloud.jobs == {}
