"""Short-lived credentials of providers: files in a folder, each named as the variable that it stands for. Who renews them
writes the files anew, and no restart is needed: processes that start afterwards have the new ones, and those of before end.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, MutableMapping
from pathlib import Path

from queuebit_runtime.clock import Clock
from queuebit_runtime.waiting import wait_event

LOOK_INTERVAL_S = 5.0
BYTES_MAX = 64 * 1024
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,99}")
_NEVER = ("QUEUEBIT_", "PYTHON", "LD_", "PATH", "HOME")
"""What steers programs rather than accounts: nobody who may write a credential is to write these."""
_PLACES = ("_CRN", "_ENDPOINT", "_INSTANCE", "_REGION", "_URL")
"""So end the names of what says where an account stands, and so to which region data goes: backends state that once, when the
service starts.
"""
_log = logging.getLogger(__name__)


class Credentials:
    """The folder, as it was when it was last looked at. `env` is where programs look for them."""

    def __init__(self, folder: Path, env: MutableMapping[str, str], renew: Callable[[], None] = lambda: None) -> None:
        """`renew` is called when something has changed, after the environment has."""
        self._folder = folder
        self._env = env
        self._renew = renew
        self._known: dict[str, str] = {}
        self._places: dict[str, str] | None = None

    def look(self) -> bool:
        """Read the folder; whether anything has changed. What cannot be read stays as it was, and is said. Where accounts stand
        stays as the first look found it.
        """
        found = self._read()
        if found is None:
            return False
        found = self._where_they_stood(found)
        if found == self._known:
            return False
        for gone in self._known.keys() - found.keys():
            self._env.pop(gone, None)
        self._env.update(found)
        self._known = found
        self._renew()
        return True

    async def run(self, stop: asyncio.Event, clock: Clock) -> None:
        """Look again and again until told to stop."""
        while not await wait_event(stop, clock, LOOK_INTERVAL_S):
            if self.look():
                _log.info("Credentials were renewed: %s", ", ".join(sorted(self._known)))

    def _where_they_stood(self, found: dict[str, str]) -> dict[str, str]:
        places = {name: value for name, value in found.items() if name.endswith(_PLACES)}
        if self._places is None:
            self._places = places
        if places == self._places:
            return found
        moved = sorted(name for name in places | self._places if places.get(name) != self._places.get(name))
        _log.error("Where accounts stand is told at the start alone, restart the adapter: %s", ", ".join(moved))
        return {name: value for name, value in found.items() if name not in places} | self._places

    def _read(self) -> dict[str, str] | None:
        found: dict[str, str] = {}
        try:
            for path in sorted(self._folder.iterdir()):
                if not _VARIABLE.fullmatch(path.name) or path.name.startswith(_NEVER) or not path.is_file():
                    continue
                if path.stat().st_size > BYTES_MAX:
                    _log.error("The credential %s is larger than %d bytes and is not read.", path.name, BYTES_MAX)
                    continue
                found[path.name] = path.read_text().strip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            _log.error("Credentials cannot be read, those of before stay: %s", type(error).__name__)
            return None
        return found
