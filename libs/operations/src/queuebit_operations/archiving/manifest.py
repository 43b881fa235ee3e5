"""What an archive says of itself: which month, how much of what, and the hash of each of its files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from queuebit_operations.errors import BadArgument
from queuebit_store.partitions.port import Partition

FORMAT = 1
FILE = "manifest.json"
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """One file of an archive: its rows, its bytes and its SHA-256."""

    rows: int
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """An archive. `parts`: by the name of the table that each holds."""

    partition: Partition
    parts: Mapping[str, Part]
    written_at: datetime
    format: int = FORMAT

    def rows(self, table: str) -> int:
        return self.parts[table].rows

    @property
    def digest(self) -> str:
        """What the archive is known by in the store."""
        return hashlib.sha256(self.text().encode()).hexdigest()

    def text(self) -> str:
        """As the file holds it."""
        return json.dumps(_plain(asdict(self)), indent=2, sort_keys=True) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return {name: _plain(each) for name, each in value.items()} if isinstance(value, dict) else value


def part_of(path: Path, rows: int) -> Part:
    """What a file is, as it lies there."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return Part(rows, size, digest.hexdigest())


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """The last file of an archive: one without it was not finished."""
    (folder / FILE).write_text(manifest.text(), encoding="utf-8")


def told_in(folder: Path) -> tuple[str, int] | None:
    """The digest of the manifest that lies in a folder and how many events it tells of, whatever became of the files; -1 where
    that cannot be read. None without a manifest.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    text = path.read_bytes()
    try:
        events = int(json.loads(text)["parts"]["events"]["rows"])
    except (ValueError, KeyError, TypeError):
        events = -1
    return hashlib.sha256(text).hexdigest(), events


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a folder whose files are as they were written. Raises BadArgument."""
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
        if found["format"] != FORMAT:
            raise BadArgument(f"{folder} has the format {found['format']}; this version reads {FORMAT}.")
        where = found["partition"]
        since, until = (datetime.fromisoformat(where[name]) for name in ("since", "until"))
        parts = {name: Part(**part) for name, part in found["parts"].items()}
        written_at = datetime.fromisoformat(found["written_at"])
        manifest = Manifest(Partition(where["name"], since, until), parts, written_at)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadArgument(
            f"{folder} is no whole archive: {error!r}.", remedy="Name the folder that holds manifest.json."
        ) from None
    for table, part in manifest.parts.items():
        path = folder / f"{table}.parquet"
        if not path.is_file() or part_of(path, part.rows) != part:
            raise BadArgument(f"{path} is not what was written: its checksum differs.", remedy="Take another copy.")
    return manifest
