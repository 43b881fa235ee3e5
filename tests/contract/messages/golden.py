"""Recorded events as files hold them: `python -m tests.contract.messages.golden` writes those that are missing."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from queuebit_contracts.data import Data
from queuebit_contracts.event import Event
from queuebit_contracts.registry import REGISTRY, Registry
from queuebit_operations.archiving.tables import TABLES, read_table, writing
from queuebit_operations.scan.port import EventRow, Stream
from queuebit_operations.transfer.file import Sums, first_line, last_line, read_head, read_streams, stream_line

FOLDER = Path(__file__).with_name("golden")
EXAMPLES = Path(__file__).parents[3] / "schemas" / "examples"
ARCHIVE, EXPORT = ".parquet", ".jsonl"
AT = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
STREAM_ID = UUID("019b7ca9-8c88-7000-8000-000000000007")


def recorded_events() -> list[Path]:
    """The examples that streams hold: commands are never stored."""
    return [
        path for path in sorted(EXAMPLES.glob("*.json")) if issubclass(_model(json.loads(path.read_bytes())), Event)
    ]


def _model(recorded: dict[str, Any]) -> type[Data]:
    return REGISTRY.named(recorded["type"]).model


def row_of(recorded: dict[str, Any]) -> EventRow:
    """The event as the store has it."""
    name, _, version = recorded["type"].removeprefix("io.queuebit.").rpartition(".v")
    return EventRow(
        epoch=1,
        xid=700,
        seq=7,
        stream_id=STREAM_ID,
        version=1,
        id=UUID(recorded["id"]),
        type=name,
        schema_version=int(version),
        data=json.dumps(recorded["data"]),
        time=AT,
        tenant="acme",
        causation_id=None,
        traceparent=None,
        category="job",
        recorded_at=AT,
    )


def write_archive(path: Path, row: EventRow) -> None:
    """The file of events of an archive that holds only this one."""
    columns = {**row._asdict(), "event_id": row.id}
    with writing(path, "events") as file:
        file.write([[columns[name] for name in TABLES["events"]]])


def read_archive(path: Path, registry: Registry) -> Data:
    """Its event, as it is read once the archive is restored."""
    ((row,),) = read_table(path, "events")
    found = dict(zip(TABLES["events"], row, strict=True))
    return registry.read_stored(found["type"], found["schema_version"], found["data"], text=True)


def write_export(path: Path, row: EventRow) -> None:
    """A history that holds only this event."""
    sums = Sums()
    lines = [first_line(AT, "everything"), stream_line(Stream(STREAM_ID, None, [row]), sums), last_line(sums)]
    path.write_bytes(b"".join(lines))


def read_export(path: Path, registry: Registry) -> Data:
    """Its event, as it is read once the history is imported."""
    lines = iter(path.read_bytes().splitlines(keepends=True))
    read_head(lines)
    (stream,) = read_streams(lines)
    (event,) = stream.events
    return registry.read_stored(event.type, event.schema_version, event.text, text=True)


def in_an_archive(recorded: dict[str, Any], registry: Registry) -> Data:
    """Through a file of an archive and back."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"events{ARCHIVE}"
        write_archive(path, row_of(recorded))
        return read_archive(path, registry)


def in_an_export(recorded: dict[str, Any], registry: Registry) -> Data:
    """Through a history and back."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"history{EXPORT}"
        write_export(path, row_of(recorded))
        return read_export(path, registry)


def missing() -> Sequence[Path]:
    """The files that a recorded event has none of."""
    wanted = [FOLDER / f"{path.stem}{suffix}" for path in recorded_events() for suffix in (ARCHIVE, EXPORT)]
    return [path for path in wanted if not path.exists()]


def main() -> None:
    """Write what is missing."""
    FOLDER.mkdir(exist_ok=True)
    for path in missing():
        recorded = json.loads((EXAMPLES / f"{path.stem}.json").read_bytes())
        write = write_archive if path.suffix == ARCHIVE else write_export
        write(path, row_of(recorded))


if __name__ == "__main__":
    main()
