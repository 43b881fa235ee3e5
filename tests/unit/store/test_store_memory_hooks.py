"""What a simulation can do to the store in memory: stop it, break it, hold a commit back."""

from __future__ import annotations

import asyncio
from typing import NoReturn

import pytest

from queuebit_store.errors import StoreUnavailable
from queuebit_store.memory import Hook, Hooks, MemoryDatabase, MemoryStore
from queuebit_store.ports import Position
from tests.contract.store.builders import an_append, an_id, names


async def _break(_operation: str) -> NoReturn:
    raise StoreUnavailable


@pytest.mark.parametrize("hooks", [Hooks(before=_break), Hooks(before_commit=_break)])
async def test_break_before_the_commit_writes_nothing(hooks: Hooks) -> None:
    database = MemoryDatabase()
    with pytest.raises(StoreUnavailable):
        await MemoryStore(database, hooks=hooks).append([an_append(1)])

    other = MemoryStore(database)
    assert await other.load([an_id(1)]) == {}
    await other.append([an_append(2)])
    assert names(await other.read(Position(), limit=9)) == [(an_id(2), 1)]


async def test_break_after_the_commit_is_ambiguous_and_repeating_is_safe() -> None:
    store = MemoryStore(hooks=Hooks(after_commit=_break))
    with pytest.raises(StoreUnavailable):
        await store.append([an_append(1)])

    store.hooks = Hooks()
    assert await store.append([an_append(1)]) == [False]
    assert names(await store.read(Position(), limit=9)) == [(an_id(1), 1)]


def _wait_for(event: asyncio.Event) -> Hook:
    async def hook(_operation: str) -> None:
        await event.wait()

    return hook


async def test_commit_that_is_held_back_holds_the_horizon_down() -> None:
    database = MemoryDatabase()
    go = asyncio.Event()
    slow = MemoryStore(database, hooks=Hooks(before_commit=_wait_for(go)))
    fast = MemoryStore(database)
    appending = asyncio.create_task(slow.append([an_append(1)]))
    await asyncio.sleep(0)

    await fast.append([an_append(2)])
    assert await fast.read(Position(), limit=9) == []
    assert list(await fast.load([an_id(1), an_id(2)])) == [an_id(2)]

    go.set()
    assert await appending == [True]
    assert names(await fast.read(Position(), limit=9)) == [(an_id(1), 1), (an_id(2), 1)]


async def test_append_that_was_held_back_loses_to_the_one_that_committed() -> None:
    database = MemoryDatabase()
    go = asyncio.Event()
    slow = MemoryStore(database, hooks=Hooks(before_commit=_wait_for(go)))
    fast = MemoryStore(database)
    appending = asyncio.create_task(slow.append([an_append(1)]))
    ahead = asyncio.create_task(slow.append([an_append(1, expected=1)]))
    await asyncio.sleep(0)
    await fast.append([an_append(1)])
    go.set()

    # Also the one that would fit now: its snapshot is older, and its place in the order would be before its predecessor.
    assert (await appending, await ahead) == ([False], [False])


async def test_open_transaction_of_somebody_else_stalls_ordered_readers_only() -> None:
    database = MemoryDatabase()
    store = MemoryStore(database)
    with database.open_transaction():
        await store.append([an_append(1)])
        assert await store.read(Position(), limit=9) == []
        assert list(await store.load([an_id(1)])) == [an_id(1)]
    assert names(await store.read(Position(), limit=9)) == [(an_id(1), 1)]


async def test_new_epoch_comes_after_all_that_was() -> None:
    database = MemoryDatabase()
    store = MemoryStore(database)
    await store.append([an_append(1)])
    await store.append([an_append(2)])
    last = (await store.read(Position(), limit=9))[-1].position

    before = store.epoch
    database.new_epoch()
    await store.append([an_append(3)])

    assert names(await store.read(Position(), limit=9)) == [(an_id(n), 1) for n in (1, 2, 3)]
    assert names(await store.read(last, limit=9)) == [(an_id(3), 1)]
    assert (before, store.epoch) == (1, 2)


async def test_hooks_are_told_the_operation() -> None:
    told: list[str] = []

    def tell(when: str) -> Hook:
        async def hook(operation: str) -> None:
            told.append(f"{when} {operation}")

        return hook

    store = MemoryStore(hooks=Hooks(tell("before"), tell("before commit of"), tell("after")))
    await store.append([an_append(1)])
    await store.read(Position(), limit=1)
    await store.save_cursor("relay", Position())

    assert told == [
        *("before append", "before commit of append", "after append"),
        "before read",
        *("before save_cursor", "after save_cursor"),
    ]
