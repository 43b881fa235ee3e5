"""The rows of a build that its runner has before it: those that it saved last, as long as nobody else works on the build."""

from __future__ import annotations

from collections.abc import Mapping

from queuebit_store.log.port import Position
from queuebit_store.projections.port import Key, Row

ROWS_MAX = 4_000
"""A build: more than jobs are open between two pages of the log."""


class KnownRows:
    """What is known of the rows of one build at one place of the log. A build that stands elsewhere was changed by somebody
    else, or by a crash that took back what was saved: then nothing is known.
    """

    def __init__(self) -> None:
        self._cursor = Position()
        self._rows: dict[Key, Row] = {}

    def at(self, cursor: Position) -> Mapping[Key, Row]:
        """The rows that are known of a build that stands there."""
        if cursor != self._cursor:
            self._rows.clear()
        return self._rows

    def moved(self, cursor: Position, changed: Mapping[Key, Row | None]) -> None:
        """The build stands there now, and these rows are other ones; those that changed longest ago may be forgotten."""
        rows, self._cursor = self._rows, cursor
        for key, row in changed.items():
            rows.pop(key, None)
            if row is not None:
                rows[key] = row
        for key in list(rows)[: max(0, len(rows) - ROWS_MAX)]:
            del rows[key]
