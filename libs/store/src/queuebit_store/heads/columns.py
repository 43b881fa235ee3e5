"""Between heads and the columns of their statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import orjson

from queuebit_store.errors import InvalidBatch
from queuebit_store.heads.port import Head, StreamRow


def attributes_text(attributes: Mapping[str, str]) -> str:
    """Attributes as their column takes them. Raises InvalidBatch for text that is no Unicode."""
    try:
        return orjson.dumps(attributes).decode()
    except TypeError:
        raise InvalidBatch("An attribute of a head is no Unicode text.") from None


def head_columns(rows: Sequence[tuple[Any, int, Head]]) -> list[Sequence[Any]]:
    """The parameters of `rewrite_heads`."""
    return list(
        zip(
            *(
                (stream_id, version, head.state, head.wake_at, attributes_text(head.attributes))
                for stream_id, version, head in sorted(rows, key=lambda row: row[0])
            ),
            strict=True,
        )
    )


def stream_row(row: asyncpg.Record | Sequence[Any]) -> StreamRow:
    """A row of `heads` or of a list."""
    return StreamRow(row[0], row[1], row[2], Head(row[3], row[4], orjson.loads(row[5])), *row[6:])
