"""What a provider said of an attempt, kept so that it says the same when the attempt is gone through again.

An attempt that waits ends its process, and another process goes through it from the start: every round that is over is taken
from the ledger. The circuits of a round may depend on what the provider said of others, such as how well a depth would do with
the calibration of that hour. It is written down before anything is handed in that depends on it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from queuebit_quantum_adapter.ports import (
    Capabilities,
    CostPart,
    Poll,
    Preflight,
    Provider,
    Recovery,
    Request,
    Result,
)
from queuebit_quantum_adapter.submissions.codec import encode_request, hash_of

VERSION = 1


class Journal:
    """What was said, by what was asked. `changed`: whether there is something that is not written down yet."""

    def __init__(self, data: bytes | None = None) -> None:
        found: dict[str, Any] = json.loads(data) if data else {}
        self._said: dict[str, Any] = found["said"] if found.get("version") == VERSION else {}
        self.changed = False

    def get(self, name: str) -> Any:
        return self._said.get(name)

    def put(self, name: str, value: Mapping[str, Any]) -> None:
        self._said[name] = value
        self.changed = True

    def encode(self) -> bytes:
        document = {"version": VERSION, "said": self._said}
        return json.dumps(document, separators=(",", ":"), allow_nan=False).encode()


class Remembering:
    """A provider that is opened when it is needed, and asked once for what must not change."""

    def __init__(self, opener: Callable[[], Provider], backend: str, journal: Journal) -> None:
        self._opener = opener
        self._backend = backend
        self._journal = journal

    @cached_property
    def real(self) -> Provider:
        """The provider itself. Raises AdapterError where it cannot be opened."""
        return self._opener()

    def capabilities(self) -> Capabilities:
        name = f"capabilities:{self._backend}"
        if (found := self._journal.get(name)) is None:
            told = self.real.capabilities()
            self._journal.put(name, asdict(told))
            return told
        typed = {"recovery": Recovery(found["recovery"]), "mitigations": tuple(found.get("mitigations", ()))}
        return Capabilities(**{**found, **typed})

    def preflight(self, request: Request) -> Preflight:
        name = f"preflight:{self._backend}:{hash_of(encode_request(request))}"
        if (found := self._journal.get(name)) is None:
            told = self.real.preflight(request)
            self._journal.put(name, asdict(told))
            return told
        cost = tuple(CostPart(**part) for part in found["cost"])
        return Preflight(**{**found, "cost": cost, "ran": tuple(found["ran"])})

    def discover(self) -> tuple[Capabilities, ...]:
        return self.real.discover()

    def fence(self, key: UUID) -> str | None:
        return self.real.fence(key)

    def submit(self, request: Request, key: UUID, fence: str | None) -> str:
        return self.real.submit(request, key, fence)

    def poll(self, provider_id: str) -> Poll:
        return self.real.poll(provider_id)

    def result(self, provider_id: str) -> Result:
        return self.real.result(provider_id)

    def cancel(self, provider_id: str) -> None:
        self.real.cancel(provider_id)

    def reconcile(self, key: UUID, fence: str | None, since: datetime | None = None) -> tuple[str, ...]:
        return self.real.reconcile(key, fence, since)

    def close(self, fence: str) -> None:
        self.real.close(fence)
