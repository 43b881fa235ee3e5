"""A stored event as the domain reads it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID


class Stored(Protocol):
    """What is read of a stored event. `type` is the bare name (`JobQueued`); `data` is its JSON."""

    @property
    def stream_id(self) -> UUID: ...
    @property
    def version(self) -> int: ...
    @property
    def type(self) -> str: ...
    @property
    def schema_version(self) -> int: ...
    @property
    def data(self) -> str: ...
    @property
    def time(self) -> datetime: ...
