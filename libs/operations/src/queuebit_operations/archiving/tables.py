"""The tables of an archive as Parquet files, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from queuebit_operations.errors import BadArgument

PAGE_ROWS = 5000
_UUID, _MOMENT, _TEXT, _INT = "uuid", "moment", "text", "int"
TABLES: Final[dict[str, dict[str, str]]] = {
    "events": {
        "epoch": _INT, "xid": _INT, "seq": _INT, "stream_id": _UUID, "version": _INT, "schema_version": _INT,
        "event_id": _UUID, "causation_id": _UUID, "time": _MOMENT, "recorded_at": _MOMENT, "category": _TEXT,
        "tenant": _TEXT, "type": _TEXT, "traceparent": _TEXT, "data": _TEXT,
    },
    "streams": {
        "stream_id": _UUID, "category": _TEXT, "tenant": _TEXT, "version": _INT, "state": _TEXT, "wake_at": _MOMENT,
        "attributes": _TEXT, "created_at": _MOMENT, "updated_at": _MOMENT,
    },
    "keys": {
        "tenant": _TEXT, "key": _TEXT, "stream_id": _UUID, "fingerprint": _TEXT, "created_at": _MOMENT, "question": _TEXT,
    },
}  # fmt: skip
"""Table to columns and what each holds; events whole, with what the store keeps apart of them."""


def need_arrow() -> None:
    """Load pyarrow, before anything waits for it. Raises BadArgument where it is not installed."""
    _arrow()


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError:
        raise BadArgument(
            "Archives are Parquet files, and pyarrow is not installed.",
            remedy="pip install 'queuebit-operations[archive]'",
        ) from None
    return pyarrow, pyarrow.parquet


class TableWriter:
    """One file, row group by row group. Made by `writing`."""

    def __init__(self, table: str, writer: Any, schema: Any) -> None:
        self._columns, self._writer, self._schema = TABLES[table], writer, schema
        self.rows = 0

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        """A page of rows, their columns in the order of the table."""
        arrow, _ = _arrow()
        columns = [
            [None if value is None else value.bytes for value in column] if kind == _UUID else list(column)
            for column, kind in zip(zip(*rows, strict=True), self._columns.values(), strict=True)
        ]
        self._writer.write_table(arrow.table(columns, schema=self._schema))
        self.rows += len(rows)


@contextmanager
def writing(path: Path, table: str) -> Iterator[TableWriter]:
    """A new file for a table; it is whole when the block has ended. Raises BadArgument without pyarrow."""
    arrow, parquet = _arrow()
    kinds = {
        _UUID: arrow.binary(16),
        _MOMENT: arrow.timestamp("us", tz="UTC"),
        _TEXT: arrow.large_string(),
        _INT: arrow.int64(),
    }
    schema = arrow.schema([(name, kinds[kind]) for name, kind in TABLES[table].items()])
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        yield TableWriter(table, writer, schema)


def read_table(path: Path, table: str) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a file, a page at a time."""
    _, parquet = _arrow()
    uuids = [kind == _UUID for kind in TABLES[table].values()]
    with parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(PAGE_ROWS):
            columns = [
                [None if value is None else UUID(bytes=value) for value in column] if is_uuid else column
                for column, is_uuid in zip((each.to_pylist() for each in batch.columns), uuids, strict=True)
            ]
            yield list(zip(*columns, strict=True))
