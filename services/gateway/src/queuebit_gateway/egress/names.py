"""Names into addresses, by the system's resolver, which blocks: in threads of its own, so many at most."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread

LOOKUPS_MAX = 64
LOOKUPS_OF_ONE_MAX = 16
"""For one tenant: names that hang leave room for those of others."""

Look = Callable[[str, int], list[str]]
"""The addresses of a name, IPv4 and IPv6; it may block. Raises OSError where it has none."""


class NamesBusy(Exception):
    """So many look-ups are under way, in all or for one tenant, that no other is begun."""

    transient = True


def look_by_system(host: str, port: int) -> list[str]:
    """What the system's resolver says."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class Names:
    """Looks names up. A resolver that hangs keeps these threads and no others, and no process from its end; a name whose
    look-up hangs keeps one of them, however often it is asked for.
    """

    def __init__(
        self, look: Look = look_by_system, *, lookups_max: int = LOOKUPS_MAX, of_one_max: int = LOOKUPS_OF_ONE_MAX
    ) -> None:
        self._look = look
        self._lookups_max = lookups_max
        self._of_one_max = of_one_max
        self._under_way: dict[tuple[str, int], tuple[Future[list[str]], str]] = {}

    async def addresses(self, host: str, port: int, whose: str = "") -> list[str]:
        """The addresses of a name as they are now. `whose`: the tenant that it is looked up for, if it is for one. Raises
        OSError, UnicodeError and NamesBusy.
        """
        place = (host, port)
        looking, _ = self._under_way.get(place, (None, ""))
        if looking is None or looking.done():
            self._under_way = {each: one for each, one in self._under_way.items() if not one[0].done()}
            of_one = sum(each == whose for _, each in self._under_way.values()) if whose else 0
            if len(self._under_way) >= self._lookups_max or of_one >= self._of_one_max:
                raise NamesBusy
            looking = Future()
            self._under_way[place] = looking, whose
            Thread(target=self._run, args=(looking, host, port), name="queuebit-names", daemon=True).start()
        return await asyncio.shield(asyncio.wrap_future(looking))

    def _run(self, looking: Future[list[str]], host: str, port: int) -> None:
        try:
            looking.set_result(self._look(host, port))
        except Exception as error:
            looking.set_exception(error)
