"""What one policy says otherwise than another: by row, by plan, by threshold. Order matters where the first row decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

What = Literal["added", "removed", "changed", "moved"]
TABLES: Final = ("guards", "routing", "experiments", "approvals", "windows")
NAMED: Final = ("plans", "thresholds")
IN_ORDER: Final = ("routing", "approvals")
"""Tables of which the first row that holds decides."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that two policies say differently. `moved`: the rows are the same in another order; `before` and `after` are
    then their ids.
    """

    where: str
    what: What
    before: Any = None
    after: Any = None


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    """What differs between two documents as they are stored."""
    for name in sorted({*before, *after} - {*TABLES, *NAMED}):
        yield from _one(name, before.get(name), after.get(name))
    for name in NAMED:
        yield from _each(name, before.get(name) or {}, after.get(name) or {})
    for name in TABLES:
        old, new = _by_id(before.get(name) or ()), _by_id(after.get(name) or ())
        yield from _each(name, old, new)
        kept, stand = [each for each in old if each in new], [each for each in new if each in old]
        if name in IN_ORDER and kept != stand:
            yield Change(name, "moved", kept, stand)


def _each(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for key in dict.fromkeys((*before, *after)):
        yield from _one(f"{name}/{key}", before.get(key), after.get(key))


def _one(where: str, before: Any, after: Any) -> Iterator[Change]:
    if before != after:
        yield Change(where, "added" if before is None else "removed" if after is None else "changed", before, after)


def _by_id(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {row["id"]: row for row in rows}
