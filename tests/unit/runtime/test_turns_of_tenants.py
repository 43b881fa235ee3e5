"""Whose large order a worker takes next: that of a tenant of whom none runs before others, and in its order else."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from queuebit_contracts.jobs import Tier
from queuebit_runtime.bus.port import Record
from queuebit_runtime.worker.orders import Orders, Work
from queuebit_runtime.worker.reports import Report
from tests.unit.runtime.one_worker import an_order


class Given:
    """A delivery of which nothing is taken back."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def done(self, record: Record) -> None: ...

    def done_all(self) -> None: ...

    def wanted(self, record: Record) -> bool:
        return bool(record)


def waiting(*orders: tuple[str, int], tier: Tier = "batch") -> Orders:
    """Orders of these tenants, with these numbers."""
    found = Orders()
    for tenant, number in orders:
        cause = an_order(number, size="large", tier=tier)._replace(tenant=tenant)
        work = Work(cause.data, Report(cause, "classical-solver"), large=True)  # type: ignore[arg-type]
        work.claims.append((Given(), Record("t", 0, number, None, None, ())))
        found.add(work)
    return found


def taken(orders: Orders) -> int | None:
    work = orders.next_large()
    return None if work is None else work.order.attempt_id.int - 1000


def ended(orders: Orders, number: int) -> None:
    orders.finish(orders._works[1000 + number])


def test_one_order_of_another_tenant_goes_before_a_flood_and_the_next_one_when_it_has_ended() -> None:
    orders = waiting(*(("flood", number) for number in range(100)), ("small", 100), ("small", 101))

    assert [taken(orders), taken(orders), taken(orders)] == [0, 100, 1]
    ended(orders, 0)
    assert taken(orders) == 2, "one of each runs"
    ended(orders, 100)
    assert taken(orders) == 101


def test_of_one_tenant_and_of_several_of_whom_all_run_the_order_is_kept() -> None:
    alone = waiting(*(("a", number) for number in range(4)))
    both = waiting(("a", 0), ("b", 1), ("b", 2), ("a", 3), ("b", 4))

    assert [taken(alone) for _ in range(5)] == [0, 1, 2, 3, None]
    assert [taken(both) for _ in range(6)] == [0, 1, 2, 3, 4, None]


def test_what_was_given_up_or_runs_already_is_passed_over_whoever_asked_for_it() -> None:
    orders = waiting(("flood", 0), ("flood", 1), ("small", 2), ("other", 3))
    orders.abandon(UUID(int=1002), datetime(2000, 1, 1, tzinfo=UTC), datetime(2001, 1, 1, tzinfo=UTC))

    assert [taken(orders) for _ in range(4)] == [0, 3, 1, None]
    assert 1002 not in orders._works


def test_an_interactive_order_of_a_busy_tenant_goes_before_a_batch_order_of_another() -> None:
    orders = waiting(("a", 0), ("a", 1), tier="interactive")
    cause = an_order(2, size="large")._replace(tenant="b")
    batch = Work(cause.data, Report(cause, "classical-solver"), large=True)  # type: ignore[arg-type]
    batch.claims.append((Given(), Record("t", 0, 2, None, None, ())))
    orders.add(batch)

    assert [taken(orders) for _ in range(3)] == [0, 1, 2]
