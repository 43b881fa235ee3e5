"""Histories of the store before a witness from outside: an honest one passes, one that was tampered with does not."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from queuebit_store.errors import StoreUnavailable
from queuebit_store.memory import MemoryStore
from queuebit_store.ports import Append
from queuebit_workbench.witnesses.errors import WitnessMissing
from queuebit_workbench.witnesses.history import Historian, Operation
from queuebit_workbench.witnesses.porcupine import Linearizability, build_porcupine, check

CLIENTS = 3
ENOUGH = 60


class Frail(MemoryStore):
    """Of every few appends one has no answer: half of those took effect."""

    def __init__(self) -> None:
        super().__init__()
        self._calls = 0

    async def append(self, batch: Sequence[Append]) -> list[bool]:
        self._calls += 1
        await asyncio.sleep(0)
        if self._calls % 14 == 0:
            raise StoreUnavailable
        passed = await super().append(batch)
        await asyncio.sleep(0)
        if self._calls % 7 == 0:
            raise StoreUnavailable
        return passed


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def program() -> Path:
    try:
        return await build_porcupine()
    except WitnessMissing as missing:
        pytest.skip(str(missing))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def history() -> list[Operation]:
    historian, store, stop = Historian(seed=1), Frail(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for number in range(CLIENTS):
            group.create_task(historian.client(number, store, stop))
        while len(historian.operations) < ENOUGH:  # noqa: ASYNC110 - the historian tells nobody
            await asyncio.sleep(0.01)
        stop.set()
    return historian.operations


def told(operations: list[Operation], kind: str, outcome: str) -> list[int]:
    return [at for at, each in enumerate(operations) if (each.kind, each.outcome) == (kind, outcome)]


async def test_an_honest_history_has_an_order_also_where_answers_were_lost(
    program: Path, history: list[Operation]
) -> None:
    said = await check(program, history)

    assert said.illegal == said.undecided == ()
    assert said.operations >= ENOUGH - len(told(history, "read", "unknown"))
    assert all(told(history, kind, outcome) for kind, outcome in (("append", "unknown"), ("append", "refused")))


async def test_an_append_that_took_effect_and_was_called_refused_is_found(
    program: Path, history: list[Operation]
) -> None:
    at = told(history, "append", "ok")[0]
    mutated = [*history[:at], history[at]._replace(outcome="refused"), *history[at + 1 :]]

    assert (await check(program, mutated)).illegal == (history[at].stream,)


async def test_two_that_both_win_are_found(program: Path, history: list[Operation]) -> None:
    first = history[told(history, "append", "ok")[0]]
    rival = first._replace(client=9, value=10_000)

    assert (await check(program, [*history, rival])).illegal == (first.stream,)


async def test_a_read_that_forgets_is_found(program: Path, history: list[Operation]) -> None:
    at = next(at for at in told(history, "read", "ok") if len(history[at].values) > 1)
    mutated = [*history[:at], history[at]._replace(values=history[at].values[:-1], call_ns=2**62, return_ns=2**62)]

    assert (await check(program, mutated)).illegal == (history[at].stream,)


async def test_nothing_is_no_history(program: Path) -> None:
    assert await check(program, []) == Linearizability(0, 0, (), ())
