"""Leadership: one holder at a time, on the store's clock; a former one is fenced off. And the cursor that is saved under it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from queuebit_store.leadership.port import Lease
from queuebit_store.ports import Position
from tests.contract.store.conftest import OpenSession

LONG_S = 600.0
SHORT_S = 0.05
WAIT_S = 60.0


async def taken(store: Any, holder: str, ttl_s: float = LONG_S) -> Lease:
    """Ask until the time of whoever has it is over."""
    async with asyncio.timeout(WAIT_S):
        while (lease := await store.take("relay", holder, ttl_s)) is None:  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.01)
    assert isinstance(lease, Lease)
    return lease


async def test_one_holder_leads_until_it_releases(open_session: OpenSession) -> None:
    one, two = await open_session(), await open_session()

    lease = await one.take("relay", "one", LONG_S)
    assert lease == Lease("relay", "one", 1, LONG_S)
    assert await one.take("relay", "one", LONG_S) == lease
    assert await two.take("relay", "two", LONG_S) is None
    assert await two.take("alarm", "two", LONG_S) == Lease("alarm", "two", 1, LONG_S)
    await two.release(Lease("relay", "two", 1, LONG_S))
    assert await two.take("relay", "two", LONG_S) is None

    await one.release(lease)
    assert await two.take("relay", "two", LONG_S) == Lease("relay", "two", 2, LONG_S)
    assert await one.take("relay", "one", LONG_S) is None


async def test_a_restarted_process_is_another_holder_until_the_time_is_over(open_session: OpenSession) -> None:
    former, restarted = await open_session(), await open_session()
    lease = await taken(former, "one", 0.3)
    await former.close()

    assert await restarted.take("relay", "one again", LONG_S) is None
    assert (await taken(restarted, "one again")).token == lease.token + 1


async def test_a_holder_that_comes_late_goes_on_where_nobody_took_the_name(store: Any) -> None:
    lease = await taken(store, "one", 0.0)

    assert await store.save_cursor("relay", Position(1, 2, 3), lease) is True
    assert await store.load_cursor("relay") == Position(1, 2, 3)
    assert (await taken(store, "one")).token == lease.token


async def test_what_a_former_holder_saves_is_refused(open_session: OpenSession) -> None:
    one, two = await open_session(), await open_session()
    former = await taken(one, "one", SHORT_S)
    assert await one.save_cursor("relay", Position(1, 2, 3), former)

    lease = await taken(two, "two")

    assert await one.save_cursor("relay", Position(1, 9, 9), former) is False
    assert await two.load_cursor("relay") == Position(1, 2, 3)
    assert await two.save_cursor("relay", Position(1, 2, 4), lease) is True
    # Nor does a late release of the former holder take the name from its present one.
    await one.release(former)
    assert await one.take("relay", "one", LONG_S) is None
    assert await two.load_cursor("relay") == Position(1, 2, 4)


async def test_a_released_lease_saves_nothing(store: Any) -> None:
    lease = await taken(store, "one")
    await store.release(lease)

    assert await store.save_cursor("relay", Position(1, 2, 3), lease) is False
    assert await store.save_cursor("relay", Position(1, 2, 3), replace(lease, token=7)) is False
    assert await store.load_cursor("relay") == Position()


async def test_saving_keeps_the_lease(open_session: OpenSession) -> None:
    one, two = await open_session(), await open_session()
    lease = await taken(one, "one", 0.0)

    assert await one.save_cursor("relay", Position(1, 2, 3), replace(lease, ttl_s=LONG_S))

    assert await two.take("relay", "two", LONG_S) is None


async def test_of_many_that_ask_at_once_one_gets_it(open_session: OpenSession) -> None:
    sessions = [await open_session() for _ in range(4)]
    for round_ in range(10):
        asked = [session.take(f"name {round_}", f"{n}", LONG_S) for n, session in enumerate(sessions * 3)]
        assert sum(lease is not None for lease in await asyncio.gather(*asked)) == 1
