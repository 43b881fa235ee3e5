"""W3C trace context as text: whether a trace is kept can be seen from one character, and that is all most records cost.

Source: https://www.w3.org/TR/trace-context/.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from queuebit_contracts.attributes import read_traceparent

TRACEPARENT = "traceparent"
_SAMPLED = b"13579bdf"
_SAMPLED_TEXT = _SAMPLED.decode()


def sampled_parent(headers: Sequence[tuple[str, bytes]]) -> bytes | None:
    """The traceparent among the headers, where it says that its trace is kept. Of several the last counts, as for whoever reads
    the message; and among the last ones it stands where we wrote it.
    """
    for name, value in reversed(headers):
        if name == TRACEPARENT:
            return value if is_kept(value) else None
    return None


def says_kept(traceparent: str | None) -> bool:
    """Whether one that is valid says that its trace is kept."""
    return bool(traceparent and traceparent[-1] in _SAMPLED_TEXT)


def is_kept(traceparent: bytes) -> bool:
    """Whether it is valid and says that its trace is kept."""
    return bool(
        traceparent and traceparent[-1] in _SAMPLED and read_traceparent(traceparent.decode("latin-1")) is not None
    )


def with_parent(headers: Iterable[tuple[str, bytes]], traceparent: bytes) -> list[tuple[str, bytes]]:
    """The headers with another traceparent."""
    kept = [(name, value) for name, value in headers if name != TRACEPARENT]
    kept.append((TRACEPARENT, traceparent))
    return kept


def fresh_traceparent(fresh: UUID, ratio: float) -> str:
    """A new trace out of a fresh id; kept for so large a share of ids. The same id always gives the same."""
    kept = (fresh.int & ((1 << 56) - 1)) < ratio * (1 << 56)
    return f"00-{fresh.hex}-{fresh.hex[16:]}-{'01' if kept else '00'}"
