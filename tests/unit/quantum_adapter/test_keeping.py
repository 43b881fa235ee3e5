"""Keeping never stands in the way: a store that fails, hangs or is slow costs what it proves nothing but a bounded time."""

from __future__ import annotations

import pytest

from queuebit_quantum_adapter.evidence.keeping import PATIENCE_S, REST_S, Keeping, Outage
from queuebit_store.artifacts.memory import MemoryArtifacts
from queuebit_store.artifacts.port import Shelf, hash_of
from queuebit_store.errors import ArtifactTooLarge, StoreUnavailable
from tests.builders import NOW

DATA = b"what a provider said"


class Slow(MemoryArtifacts):
    """A store whose puts take so long, and end so."""

    def __init__(self, put_s: float, error: Exception | None = None) -> None:
        super().__init__(lambda: NOW)
        self.now_s, self.put_s, self.error, self.asked = 0.0, put_s, error, 0

    def put(self, data: bytes, shelf: Shelf) -> str:
        self.asked += 1
        self.now_s += self.put_s
        if self.error is not None:
            raise self.error
        return super().put(data, shelf)

    def clock(self) -> float:
        return self.now_s


def test_a_store_that_does_not_answer_is_left_alone_by_all_of_a_process_for_a_while() -> None:
    store, outage = Slow(20.0, StoreUnavailable("It hangs.")), Outage()
    first, other = (Keeping(store, shelf, outage=outage, monotonic_s=store.clock) for shelf in (Shelf.PAID, Shelf.FREE))

    assert [each.put("x", DATA) for each in (first, other, first)] == [(hash_of(DATA), len(DATA), False)] * 3
    assert (store.asked, store.now_s) == (1, 20.0)

    store.now_s, store.error = store.now_s + REST_S, None
    assert other.put("x", DATA) == (hash_of(DATA), len(DATA), True)


def test_a_slow_store_is_waited_for_so_long_in_all() -> None:
    store = Slow(PATIENCE_S / 4)
    keeping = Keeping(store, Shelf.PAID, monotonic_s=store.clock)

    kept = [keeping.put("x", bytes([number]))[2] for number in range(20)]

    assert kept == [True] * 5 + [False] * 15
    assert store.now_s <= PATIENCE_S * 1.25


@pytest.mark.parametrize("error", [FileNotFoundError("gone"), RuntimeError("in a library"), ArtifactTooLarge("large")])
def test_whatever_fails_is_a_hash_without_bytes_and_the_next_is_tried(error: Exception) -> None:
    store = Slow(0.0, error)
    keeping = Keeping(store, Shelf.PAID, monotonic_s=store.clock)

    assert keeping.put("x", DATA) == (hash_of(DATA), len(DATA), False)
    store.error = None
    assert keeping.put("x", DATA) == (hash_of(DATA), len(DATA), True)
