"""What the bulk verbs on months do: one month a step, each again after a crash, whatever was done of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path

from queuebit_operations.archiving.archive import Progress, chosen, finish, put_back, take_out, write
from queuebit_operations.archiving.store import ArchiveStore, opened_archives
from queuebit_operations.bulk.operation import FAILED, Operation
from queuebit_operations.bulk.runner import Act, Step
from queuebit_operations.connections.locks import until_unlocked
from queuebit_operations.connections.store import postgres_settings
from queuebit_operations.errors import BadArgument, InConflict, NotThere, OperationsError
from queuebit_runtime.clock import Clock
from queuebit_store.partitions.port import Partition

CREATE, RESTORE = "archive create", "archive restore"
VERBS = frozenset({CREATE, RESTORE})
ARCHIVED, RESTORED, DONE_BEFORE = "archived", "restored", "done before"


@asynccontextmanager
async def opened_act(verb: str, env: Mapping[str, str], clock: Clock, progress: Progress) -> AsyncIterator[Act]:
    """What the verb does, connected. Raises what the store raises."""
    async with opened_archives(postgres_settings(env)) as store:

        async def out(target: str, operation: Operation) -> str:
            return await _out(store, target, operation, clock, progress)

        async def back(target: str, operation: Operation) -> str:
            return await until_unlocked(clock, partial(_back, store, Path(target), operation, progress))

        yield _one_by_one(out if verb == CREATE else back)


def _one_by_one(do: Callable[[str, Operation], Awaitable[str]]) -> Act:
    """One month a step, so that it can be cancelled between two; what refuses one month says nothing of the next."""

    async def act(targets: Sequence[str], operation: Operation) -> Step:
        target = targets[0]
        try:
            return Step({target: await do(target, operation)})
        except (BadArgument, InConflict, NotThere) as error:
            return Step({target: FAILED}, {target: str(error)})

    return act


async def _out(store: ArchiveStore, name: str, operation: Operation, clock: Clock, progress: Progress) -> str:
    noted = await store.noted(name)
    if noted is not None and noted.state == "detached":
        await finish(store, noted)
        return ARCHIVED
    if noted is not None and noted.state == "archived":
        return DONE_BEFORE
    folder = Path(operation.arguments["to"])
    now = clock.now()
    manifest = await write(store, await chosen(store, name, now), folder, now, progress)
    out = partial(take_out, store, manifest, folder, actor=operation.actor, reason=operation.reason)
    await until_unlocked(clock, out)
    return ARCHIVED


async def _back(store: ArchiveStore, folder: Path, operation: Operation, progress: Progress) -> str:
    return RESTORED if await put_back(store, folder, operation.arguments[folder.name], progress) else DONE_BEFORE


async def choose(
    store: ArchiveStore, names: Sequence[str], before: datetime | None, now: datetime
) -> tuple[list[str], dict[str, str]]:
    """Which months go out, the oldest first, and why others do not: those of these names, which all must, or all that hold
    something and ended before a moment. Raises NotThere or InConflict.
    """
    begun = {each.name for each in await store.archives() if each.state == "detached"}
    if names:
        months = [(await chosen(store, name, now)).name for name in dict.fromkeys(names) if name not in begun]
        return [*(name for name in names if name in begun), *months], {}
    found, left = sorted(begun), dict[str, str]()
    for partition in await store.partitions():
        ended = before is not None and partition.until <= before
        if ended and await store.size(partition) != (0, 0):
            try:
                found.append((await chosen(store, partition.name, now)).name)
            except OperationsError as error:
                left[partition.name] = str(error)
    return found, left


async def size_of(store: ArchiveStore, name: str) -> tuple[int, int]:
    """How many events and streams a month has; what a crash has left counts as none."""
    months: dict[str, Partition] = {each.name: each for each in await store.partitions()}
    return await store.size(months[name]) if name in months else (0, 0)
