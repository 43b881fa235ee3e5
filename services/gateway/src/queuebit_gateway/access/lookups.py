"""API keys by their ids, from the directory, at a bounded cost whoever asks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from queuebit_gateway.batching import Batcher
from queuebit_runtime.clock import Clock
from queuebit_store.ports import ApiKeyRow

T = TypeVar("T")
FindKeys = Callable[[Sequence[str]], Awaitable[Mapping[str, ApiKeyRow]]]

CACHE_S = 5.0
KEYS_MAX = 10_000


class KeyLookup:
    """Finds keys. What was found, and what was not, is believed for 5 s.

    Ids that nobody knows cannot shut out those that somebody does: they have a cache and a queue of their own, look-ups in a
    queue share one call at a time, and nobody is refused for what others from the same address have asked.
    """

    def __init__(self, find_keys: FindKeys, clock: Clock, *, keys_max: int = KEYS_MAX) -> None:
        self._find_keys = find_keys
        self._clock = clock
        self._keys_max = keys_max
        self._known: OrderedDict[str, tuple[float, ApiKeyRow]] = OrderedDict()
        self._unknown: OrderedDict[str, float] = OrderedDict()
        self._known_calls: Batcher[str, ApiKeyRow | None] = Batcher(self._find_all)
        self._unknown_calls: Batcher[str, ApiKeyRow | None] = Batcher(self._find_all)

    async def find(self, key_id: str) -> ApiKeyRow | None:
        """The key as it was at most 5 s ago. Raises StoreError."""
        now_s = self._clock.monotonic_s()
        known = self._known.get(key_id)
        if known is not None and now_s - known[0] < CACHE_S:
            return known[1]
        missed_s = self._unknown.get(key_id)
        if known is None and missed_s is not None and now_s - missed_s < CACHE_S:
            return None
        calls = self._unknown_calls if known is None else self._known_calls
        row = await calls.offer(key_id)
        if row is None:
            self._known.pop(key_id, None)
            self._keep(self._unknown, key_id, now_s)
        else:
            self._unknown.pop(key_id, None)
            self._keep(self._known, key_id, (now_s, row))
        return row

    async def _find_all(self, key_ids: Sequence[str]) -> list[ApiKeyRow | None]:
        found = await self._find_keys(list(dict.fromkeys(key_ids)))
        return [found.get(key_id) for key_id in key_ids]

    def _keep(self, cache: OrderedDict[str, T], key_id: str, value: T) -> None:
        cache[key_id] = value
        cache.move_to_end(key_id)
        if len(cache) > self._keys_max:
            cache.popitem(last=False)
