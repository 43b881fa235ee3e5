"""Bytes into artifacts, without ever standing in the way of what they prove."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from queuebit_quantum_adapter.evidence.secrets import secrets_of, without_secrets
from queuebit_runtime.clock import SystemClock
from queuebit_store.artifacts.opening import artifacts_from
from queuebit_store.artifacts.port import Artifacts, Shelf, hash_of
from queuebit_store.errors import InvalidSettings, StoreError, StoreUnavailable

REST_S, PATIENCE_S = 60.0, 120.0
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Outage:
    """Until when the store is left alone: shared by all that put there from one process."""

    until_s: float = 0.0


class Keeping:
    """Puts bytes on one shelf. What cannot be kept is known by its hash, and said in the log, which never shows the bytes.

    A store that does not answer is left alone for REST_S, and in all it is waited for no longer than PATIENCE_S.
    """

    def __init__(
        self,
        artifacts: Artifacts,
        shelf: Shelf,
        secrets: tuple[bytes, ...] = (),
        *,
        outage: Outage | None = None,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._artifacts = artifacts
        self._shelf = shelf
        self._secrets = secrets
        self._outage = outage or Outage()
        self._monotonic_s = monotonic_s
        self._spent_s = 0.0

    def put(self, name: str, data: bytes) -> tuple[str, int, bool]:
        """The hash, the size, and whether the bytes are kept. Raises nothing."""
        data = without_secrets(data, self._secrets)
        begun_s = self._monotonic_s()
        if begun_s < self._outage.until_s or self._spent_s > PATIENCE_S:
            return hash_of(data), len(data), False
        try:
            return self._artifacts.put(data, self._shelf), len(data), True
        except StoreError as error:
            _log.warning("An artifact is not kept (%s): %s", name.split(" ")[0], error)
            if isinstance(error, StoreUnavailable):
                self._outage.until_s = self._monotonic_s() + REST_S
        except Exception as error:
            _log.warning("An artifact is not kept (%s): %s", name.split(" ")[0], type(error).__name__)
        finally:
            self._spent_s += self._monotonic_s() - begun_s
        return hash_of(data), len(data), False


@cache
def artifacts_here() -> Artifacts | None:
    """The artifacts of this process; None where the environment names none, or wrongly, which the service says at its start."""
    try:
        return artifacts_from(os.environ, SystemClock().now)
    except InvalidSettings as error:
        _log.warning("Nothing is kept: %s", error)
        return None


@cache
def _outage_here() -> Outage:
    return Outage()


def keeping_here(*, paid: bool) -> Keeping | None:
    """How this process keeps what was paid for, or what was not; None where it keeps nothing."""
    found = artifacts_here()
    if found is None:
        return None
    return Keeping(found, Shelf.PAID if paid else Shelf.FREE, secrets_of(os.environ), outage=_outage_here())
