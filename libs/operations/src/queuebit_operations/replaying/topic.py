"""Publishes selected events again. The set is frozen when the replay begins; one that was killed goes on where it was."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from queuebit_operations.replaying.records import records_of
from queuebit_operations.scan.port import EventRow
from queuebit_runtime.bus.port import Bus, Outgoing
from queuebit_runtime.clock import Clock
from queuebit_store.ports import OrderedReaderCursors, Position

BATCH_EVENTS = 500
REPLAYS = "replay/"
"""How the names of all cursors of replays begin."""


class Events(Protocol):
    """The selected events, as `EventsInOrder` has them."""

    def windows(self, after: Position = ...) -> AsyncIterator[tuple[list[EventRow], Position]]: ...


@dataclass(frozen=True, slots=True)
class Replay:
    """What is published again. `topic`: one for all; None for those that the relay used. `limit`: at most so many events."""

    replay_id: str
    topic: str | None = None
    rate_per_s: float | None = None
    limit: int | None = None

    @property
    def cursor(self) -> str:
        """The name under which the store knows how far it came."""
        return f"{REPLAYS}{self.replay_id}"

    @property
    def end(self) -> str:
        """The name under which the store knows where it ends."""
        return f"{self.cursor}/end"


async def frozen(
    cursors: OrderedReaderCursors, replay: Replay, newest: Position, *, save: bool
) -> tuple[Position, Position]:
    """From where and up to where: of one that has begun as it was then, of a new one from the beginning to the newest, which
    `save` freezes.
    """
    end = await cursors.load_cursor(replay.end)
    if end == Position():
        end = newest
        if save:
            await cursors.save_cursor(replay.end, end)
    return await cursors.load_cursor(replay.cursor), end


async def publish_again(
    events: Events,
    after: Position,
    bus: Bus,
    cursors: OrderedReaderCursors,
    clock: Clock,
    replay: Replay,
    *,
    on_progress: Callable[[int], None],
) -> int:
    """Publish, in the order in which it happened, and remember after each batch how far it came; how many events that were.

    At least once: a replay that is killed repeats its last batch, under the same ids. Raises what bus and store raise.
    """
    began_s, count = clock.monotonic_s(), 0
    async for window, end in events.windows(after):
        for start in range(0, len(window), BATCH_EVENTS):
            batch = window[start : start + BATCH_EVENTS]
            if replay.limit is not None:
                batch = batch[: replay.limit - count]
            await bus.publish(_records(batch, replay))
            count += len(batch)
            await cursors.save_cursor(replay.cursor, batch[-1].position)
            on_progress(count)
            if count == replay.limit:
                return count
            if replay.rate_per_s is not None:
                await clock.sleep(max(0.0, count / replay.rate_per_s - (clock.monotonic_s() - began_s)))
        await cursors.save_cursor(replay.cursor, end)
    return count


def _records(batch: Sequence[EventRow], replay: Replay) -> list[Outgoing]:
    return [record for event in batch for record in records_of(event, replay.replay_id, replay.topic)]
