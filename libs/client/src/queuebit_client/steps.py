"""The steps of input and output that a client takes, as values: the core says which, a driver performs them."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

CALL_TIMEOUT_S = 15.0
STREAM_IDLE_S = 45.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """Send a request and read the whole answer. Answered by a Reply; raises Unreachable."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    timeout_s: float = CALL_TIMEOUT_S


@dataclass(frozen=True, slots=True)
class Pause:
    """Do nothing for a while."""

    delay_s: float


@dataclass(frozen=True, slots=True)
class Connect:
    """Open a stream. Answered by a Reply, whose body is empty where the stream is open (status 200)."""

    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NextLine:
    """The next line of the open stream, without its end; None where the server has closed it. Raises Unreachable."""


@dataclass(frozen=True, slots=True)
class Hangup:
    """Close the open stream."""


@dataclass(frozen=True, slots=True)
class Emit(Generic[T]):
    """Give an item to whoever iterates."""

    item: T


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


Step = Call | Pause | Connect | NextLine | Hangup
Steps = Generator[Step, Any, T]
Stream = Generator[Step | Emit[T], Any, None]


def returning(steps: Steps[T], found: list[T]) -> Generator[Step | Emit[T], Any, None]:
    """The steps, and at their end the result in a list."""
    found.append((yield from steps))
