"""Opens the file of a history, packed or not. A file that is not written to its end is not there."""

from __future__ import annotations

import gzip
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from queuebit_operations.errors import BadArgument

MAGIC = b"\x1f\x8b"


@contextmanager
def written(name: str, *, pack: bool = True) -> Iterator[BinaryIO]:
    """A file to write to, which only its owner may read; `-` is standard output. `pack`: one that is named so is packed.

    Raises BadArgument.
    """
    if name == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(name)
    part = path.with_name(f"{path.name}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise BadArgument(f"{part} cannot be written: {error.strerror}.", remedy="Name another --out.") from None
    try:
        with os.fdopen(descriptor, "wb") as plain:
            if pack and path.suffix == ".gz":
                with gzip.GzipFile(filename="", fileobj=plain, mode="wb", mtime=0) as packed:
                    yield cast(BinaryIO, packed)
            else:
                yield plain
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def lines_of(name: str) -> Iterator[Iterator[bytes]]:
    """The lines of a file. Raises BadArgument where it cannot be read or unpacked."""
    try:
        with Path(name).open("rb") as plain:
            packed = plain.read(2) == MAGIC
            plain.seek(0)
            yield _read(cast(BinaryIO, gzip.GzipFile(fileobj=plain)) if packed else plain)
    except OSError as error:
        raise BadArgument(f"{name} cannot be read: {error.strerror or error}.", remedy="Check the name.") from None


def _read(file: BinaryIO) -> Iterator[bytes]:
    try:
        yield from file
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise BadArgument(f"The packed history is damaged: {error}.", remedy="Copy it again.") from None
