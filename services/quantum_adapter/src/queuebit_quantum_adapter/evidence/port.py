"""What a provider may offer beyond its port: to be overheard, and to show what it makes of circuits."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from queuebit_quantum_adapter.ports import Request


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request to a provider about a submission and what came back: the bytes as they went over the wire, and no headers,
    for those hold who we are. `name` is the verb and the place. `status` and `answer` are None where nothing came back.
    """

    name: str
    request: bytes
    status: int | None = None
    answer: bytes | None = None


Hear = Callable[[Exchange], None]
"""Told of an exchange before anything is made of it; raises nothing."""


@runtime_checkable
class Overheard(Protocol):
    """A provider whose raw words can be kept: one that is spoken with over a wire."""

    def overhear(self, hear: Hear | None) -> None:
        """From now on `hear` is told of all that is said about submissions; nobody where it is None. What is asked about the
        account or the device is not told.
        """
        ...


@dataclass(frozen=True, slots=True)
class Program:
    """Circuits as the backend is given them, in a format that others read: `name` ends as such files do."""

    name: str
    data: bytes


@runtime_checkable
class Shown(Protocol):
    """A provider that shows what it makes of circuits."""

    def shown(self, request: Request) -> Iterable[Program]:
        """The circuits of a request that was prepared, as they are run. Raises AdapterError."""
        ...
