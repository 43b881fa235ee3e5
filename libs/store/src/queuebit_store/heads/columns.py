"""Between heads and the columns of their statements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from queuebit_store.heads.port import Head, StreamRow


def head_columns(rows: Sequence[tuple[Any, int, Head]]) -> list[Sequence[Any]]:
    """The parameters of `rewrite_heads`."""
    return list(
        zip(
            *(
                (stream_id, version, head.state, head.kind, head.tier, head.lane, head.fingerprint, head.wake_at)
                for stream_id, version, head in sorted(rows, key=lambda row: row[0])
            ),
            strict=True,
        )
    )


def stream_row(row: asyncpg.Record) -> StreamRow:
    """A row of `heads` or of a list."""
    return StreamRow(row[0], row[1], row[2], Head(*row[3:9]), *row[9:])
