"""When keys were last used: noted once a minute for all of them, so that no request waits for it."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime

from queuebit_runtime.clock import Clock
from queuebit_runtime.waiting import wait_event
from queuebit_store.errors import StoreError
from queuebit_store.ports import Directory

log = logging.getLogger(__name__)

INTERVAL_S = 60.0
KEYS_A_CALL = 1000


async def note_use(used: dict[str, datetime], directory: Directory, clock: Clock, stop: asyncio.Event) -> None:
    """Until `stop`, and once more then. What could not be noted is dropped: the next use of the key says it."""
    while not stop.is_set():
        await wait_event(stop, clock, INTERVAL_S)
        await note(used, directory)


async def note(used: dict[str, datetime], directory: Directory) -> None:
    """Note what was used since the last time."""
    found = list(used.items())
    used.clear()
    try:
        for start in range(0, len(found), KEYS_A_CALL):
            await directory.use_keys(dict(found[start : start + KEYS_A_CALL]))
    except StoreError as error:
        log.warning("when keys were last used is not noted: %s", error)
