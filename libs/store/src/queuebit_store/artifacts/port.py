"""The claim-check store: bytes are kept under their SHA-256 and found again by it alone.

What is kept is never changed: the same bytes are the same artifact, however often and by whomever they are put. Every reading
is checked against the hash. Shelves part what is kept for different times.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from queuebit_store.errors import ArtifactDamaged, ArtifactGone, ArtifactTooLarge

MIB: Final = 1024 * 1024
BYTES_MAX: Final = 64 * MIB
FORGOTTEN_MAX: Final = 10_000
RENEWED_AFTER_S: Final = 86_400.0
"""What is put again counts as put at that moment, to within a day: it is kept from there on."""
Now = Callable[[], datetime]
_HASH = re.compile(r"[0-9a-f]{64}")


class Shelf(StrEnum):
    """PAID: what proves something that was paid for. FREE: what can be made again for nothing."""

    PAID = "paid"
    FREE = "free"


class Artifacts(Protocol):
    """May be called from any thread or process. Every method raises StoreUnavailable where the store does not answer, and
    StoreFailed where it refuses.
    """

    def put(self, data: bytes, shelf: Shelf) -> str:
        """Keep the bytes; their hash. What is there already stays, and counts as new; what is there and damaged is mended.

        Raises ArtifactTooLarge.
        """
        ...

    def get(self, sha256: str) -> bytes:
        """What has this hash, on whichever shelf. Raises ArtifactGone, and ArtifactDamaged where it has another one."""
        ...

    def forget(self, shelf: Shelf, before: datetime, limit: int = FORGOTTEN_MAX) -> int:
        """Delete what was last put before a moment, so many at most; how many those were."""
        ...


def hash_of(data: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def checked_size(data: bytes, bytes_max: int) -> bytes:
    """The bytes, where they are not too many. Raises ArtifactTooLarge."""
    if len(data) > bytes_max:
        raise ArtifactTooLarge(f"An artifact of {len(data)} bytes is larger than the {bytes_max} that are kept.")
    return data


def checked_hash(sha256: str) -> str:
    """The hash, where it is one: it becomes part of a path. Raises ArtifactGone."""
    if not _HASH.fullmatch(sha256):
        raise ArtifactGone(f"{sha256[:80]!r} is no SHA-256 in hexadecimal.")
    return sha256


def checked(data: bytes, sha256: str) -> bytes:
    """The bytes, where their hash is the one under which they were found. Raises ArtifactDamaged."""
    if hash_of(data) != sha256:
        raise ArtifactDamaged(f"What is kept as {sha256} has another hash.")
    return data


def place_of(sha256: str, shelf: Shelf) -> str:
    """Where it is kept, below the root of the store."""
    return f"{shelf.value}/{sha256[:2]}/{sha256}"
