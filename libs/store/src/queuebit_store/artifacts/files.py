"""Artifacts as files: each written whole or not at all, readable by its owner alone."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from queuebit_store.artifacts import port
from queuebit_store.artifacts.port import BYTES_MAX, FORGOTTEN_MAX, MIB, Now, Shelf
from queuebit_store.errors import ArtifactGone, StoreFailed, StoreUnavailable

ABANDONED_S = 3600.0
"""A file that was begun so long ago is of a process that died."""
FREE_LEAST_BYTES = 512 * MIB
"""So much of the disk is left to whatever else lives on it."""
_BEGUN = ".begun-"


class FileArtifacts:
    """Below one folder, on one file system."""

    def __init__(self, root: Path, now: Now, *, bytes_max: int = BYTES_MAX) -> None:
        self._root = root
        self._now = now
        self._bytes_max = bytes_max

    def put(self, data: bytes, shelf: Shelf) -> str:
        sha256 = port.hash_of(port.checked_size(data, self._bytes_max))
        path = self._root / port.place_of(sha256, shelf)
        with _translated():
            if not _renewed(path, data):
                try:
                    _written(self._root, path, data)
                except FileNotFoundError as error:
                    raise StoreUnavailable(f"A folder of the artifacts is gone: {error}.") from error
        return sha256

    def get(self, sha256: str) -> bytes:
        port.checked_hash(sha256)
        for shelf in Shelf:
            with (
                _translated(),
                suppress(FileNotFoundError),
                (self._root / port.place_of(sha256, shelf)).open("rb") as file,
            ):
                return port.checked(file.read(self._bytes_max + 1), sha256)
        raise ArtifactGone(f"There is no artifact {sha256} in {self._root}.")

    def forget(self, shelf: Shelf, before: datetime, limit: int = FORGOTTEN_MAX) -> int:
        count, begun_before = 0, self._now().timestamp() - ABANDONED_S
        with _translated():
            for path in (self._root / shelf.value).glob("*/*"):
                begun = path.name.startswith(_BEGUN)
                with suppress(FileNotFoundError):
                    if path.stat().st_mtime < (begun_before if begun else before.timestamp()):
                        path.unlink()
                        count += not begun
                if count == limit:
                    break
        return count


def _renewed(path: Path, data: bytes) -> bool:
    """Whether it is there as it should be; then it counts as put now."""
    try:
        whole = path.stat().st_size == len(data) and path.read_bytes() == data
        if whole:
            os.utime(path)
    except FileNotFoundError:
        return False
    return whole


def _written(root: Path, path: Path, data: bytes) -> None:
    """On the disk under another name first, then under its own. Raises StoreUnavailable where the disk is nearly full."""
    for folder in (root, path.parent.parent, path.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if shutil.disk_usage(path.parent).free < len(data) + FREE_LEAST_BYTES:
        raise StoreUnavailable(
            "The disk of the artifacts is nearly full.", remedy="Check the disk behind QUEUEBIT_ARTIFACTS."
        )
    descriptor, begun = tempfile.mkstemp(prefix=_BEGUN, dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(begun).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(begun).unlink()
        raise
    folder_descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder_descriptor)
    finally:
        os.close(folder_descriptor)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except (PermissionError, NotADirectoryError, IsADirectoryError) as error:
        raise StoreFailed(f"The artifacts cannot be used: {error}.", remedy="Check QUEUEBIT_ARTIFACTS.") from error
    except OSError as error:
        raise StoreUnavailable(
            f"The artifacts cannot be reached: {error}.", remedy="Check the disk behind QUEUEBIT_ARTIFACTS."
        ) from error
