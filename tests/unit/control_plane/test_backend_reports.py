"""Reports of backends: told to whoever plans, kept at a bounded rate, and an outage of the store goes by."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from queuebit_contracts.backends import REPORT_AGE_S_MAX
from queuebit_contracts.channels import BACKENDS
from queuebit_contracts.envelope import Envelope, encode_data, encode_headers
from queuebit_contracts.events import BackendStatusReported
from queuebit_control_plane.inbound.backend_reports import REPORT_BYTES_MAX, ReportListener
from queuebit_domain.holds.lanes import Lanes
from queuebit_runtime.bus.decoding import Received
from queuebit_runtime.bus.port import Record
from queuebit_store.backends.port import ReportedBackend
from queuebit_store.errors import StoreUnavailable
from tests.builders import NOW
from tests.fakes.clocks import StoppedClock


class Store:
    """Remembers each batch that it was asked to keep."""

    def __init__(self) -> None:
        self.kept: list[list[ReportedBackend]] = []
        self.down = False

    async def keep_reports(self, reports: Collection[ReportedBackend]) -> None:
        if self.down:
            raise StoreUnavailable
        self.kept.append(list(reports))

    async def reported_backends(self) -> list[ReportedBackend]:
        raise AssertionError("nobody asks for this")


def heard(seconds: float, backend: str = "aer", **more: Any) -> Received:
    status = BackendStatusReported(backend=backend, lane="simulator", available=more.pop("available", True), **more)
    at = NOW + timedelta(seconds=seconds)
    envelope = Envelope(id=UUID(int=1), source="/test", subject=backend, time=at, data=status)
    return Received(envelope, Record(BACKENDS, 0, 1, b"k", encode_data(status), tuple(encode_headers(envelope))))


def listener(store: Store, lanes: Lanes | None = None) -> ReportListener:
    unused: Any = None
    clock = StoppedClock()
    clock.moment = NOW + timedelta(seconds=30)
    return ReportListener(unused, lanes or Lanes(), store, clock)


async def test_the_planner_hears_it_and_the_newest_is_kept() -> None:
    store, lanes = Store(), Lanes()

    await listener(store, lanes).hear([heard(1), heard(0, queue_length=9)])

    lanes.look(NOW)
    assert lanes.available("simulator")
    assert [[(each.backend, each.reported_at) for each in batch] for batch in store.kept] == [
        [("aer", NOW + timedelta(seconds=1))]
    ]


async def test_what_does_not_change_is_kept_now_and_then_and_a_change_at_once() -> None:
    store = Store()
    ears = listener(store)

    for item in (heard(0), heard(5), heard(16), heard(17, available=False), heard(3, available=True)):
        await ears.hear([item])

    assert [batch[0].reported_at for batch in store.kept] == [NOW + timedelta(seconds=each) for each in (0, 16, 17)]


async def test_an_outage_of_the_store_is_no_reason_to_hear_less() -> None:
    store, lanes = Store(), Lanes()
    ears = listener(store, lanes)
    store.down = True
    await ears.hear([heard(0)])
    store.down = False
    await ears.hear([heard(1)])

    lanes.look(NOW)
    assert (lanes.available("simulator"), len(store.kept)) == (True, 1)


async def test_a_name_or_a_report_without_measure_is_not_kept() -> None:
    store = Store()

    await listener(store).hear([heard(0, backend="x" * 201), heard(0, detail="x" * REPORT_BYTES_MAX)])

    assert store.kept == []


async def test_a_report_of_an_adapter_whose_clock_is_ahead_is_as_old_as_the_moment_at_which_it_was_heard() -> None:
    store, lanes = Store(), Lanes()
    ears = listener(store, lanes)

    await ears.hear([heard(3600)])

    assert [each.reported_at for each in store.kept[0]] == [NOW + timedelta(seconds=30)]
    lanes.look(NOW + timedelta(seconds=30 + REPORT_AGE_S_MAX + 1))
    assert not lanes.available("simulator")
