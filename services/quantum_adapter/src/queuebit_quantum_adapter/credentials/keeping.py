"""Credentials at work: what their sources hold stands in the environment, and no restart is needed when it changes: processes
that start afterwards have the new ones, and those of before end.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, MutableMapping, Sequence

from queuebit_quantum_adapter.credentials.port import Source
from queuebit_quantum_adapter.errors import CredentialsMissing
from queuebit_runtime.clock import Clock
from queuebit_runtime.waiting import wait_event

LOOK_INTERVAL_S = 5.0
_PLACES = ("_CRN", "_ENDPOINT", "_INSTANCE", "_REGION", "_URL")
"""So end the names of what says where an account stands, and so to which region data goes: backends state that once, when the
service starts.
"""
_log = logging.getLogger(__name__)


class Credentials:
    """What the sources held when they were last asked; of two that hold one name, the later. `env` is where programs look."""

    def __init__(
        self, sources: Sequence[Source], env: MutableMapping[str, str], renew: Callable[[], None] = lambda: None
    ) -> None:
        """`renew` is called when something has changed, after the environment has."""
        self._sources = sources
        self._env = env
        self._renew = renew
        self._held: list[Mapping[str, str]] = [{} for _ in sources]
        self._known: dict[str, str] = {}
        self._places: dict[str, str] | None = None

    async def begin(self) -> None:
        """The first look. Raises CredentialsMissing: then nothing has begun."""
        self._take(await asyncio.to_thread(lambda: [source.read() for source in self._sources]))

    async def look(self) -> bool:
        """Ask again; whether anything has changed. What cannot be asked stays as it was, and is said. Where accounts stand
        stays as the first look found it.
        """
        return self._take(await asyncio.to_thread(self._ask))

    async def run(self, stop: asyncio.Event, clock: Clock) -> None:
        """Look again and again until told to stop."""
        while not await wait_event(stop, clock, LOOK_INTERVAL_S):
            if await self.look():
                _log.info("Credentials were renewed: %s", ", ".join(sorted(self._known)))

    def _ask(self) -> list[Mapping[str, str]]:
        found: list[Mapping[str, str]] = []
        for source, before in zip(self._sources, self._held, strict=True):
            try:
                found.append(source.read())
            except CredentialsMissing as error:
                _log.error("Credentials of before stay: %s %s", error.detail, error.remedy)
                found.append(before)
        return found

    def _take(self, held: list[Mapping[str, str]]) -> bool:
        self._held = held
        found = self._where_they_stood({name: value for each in held for name, value in each.items()})
        if found == self._known:
            return False
        for gone in self._known.keys() - found.keys():
            self._env.pop(gone, None)
        self._env.update(found)
        self._known = found
        self._renew()
        return True

    def _where_they_stood(self, found: dict[str, str]) -> dict[str, str]:
        places = {name: value for name, value in found.items() if name.endswith(_PLACES)}
        if self._places is None:
            self._places = places
        if places == self._places:
            return found
        moved = sorted(name for name in places | self._places if places.get(name) != self._places.get(name))
        _log.error("Where accounts stand is told at the start alone, restart the adapter: %s", ", ".join(moved))
        return {name: value for name, value in found.items() if name not in places} | self._places
