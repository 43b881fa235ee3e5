"""Bytes into artifacts, without ever standing in the way of what they prove."""

from __future__ import annotations

import logging
import os
from functools import cache

from queuebit_quantum_adapter.evidence.secrets import secrets_of, without_secrets
from queuebit_runtime.clock import SystemClock
from queuebit_store.artifacts.opening import artifacts_from
from queuebit_store.artifacts.port import Artifacts, Shelf, hash_of
from queuebit_store.errors import InvalidSettings, StoreError

_log = logging.getLogger(__name__)


class Keeping:
    """Puts bytes on one shelf. What cannot be kept is known by its hash, and said in the log, which never shows the bytes."""

    def __init__(self, artifacts: Artifacts, shelf: Shelf, secrets: tuple[bytes, ...] = ()) -> None:
        self._artifacts = artifacts
        self._shelf = shelf
        self._secrets = secrets

    def put(self, name: str, data: bytes) -> tuple[str, int, bool]:
        """The hash, the size, and whether the bytes are kept."""
        data = without_secrets(data, self._secrets)
        try:
            return self._artifacts.put(data, self._shelf), len(data), True
        except StoreError as error:
            _log.warning("An artifact is not kept (%s): %s", name.split(" ")[0], error)
            return hash_of(data), len(data), False


@cache
def artifacts_here() -> Artifacts | None:
    """The artifacts of this process; None where the environment names none, or wrongly, which the service says at its start."""
    try:
        return artifacts_from(os.environ, SystemClock().now)
    except InvalidSettings as error:
        _log.warning("Nothing is kept: %s", error)
        return None


def keeping_here(*, paid: bool) -> Keeping | None:
    """How this process keeps what was paid for, or what was not; None where it keeps nothing."""
    found = artifacts_here()
    return None if found is None else Keeping(found, Shelf.PAID if paid else Shelf.FREE, secrets_of(os.environ))
