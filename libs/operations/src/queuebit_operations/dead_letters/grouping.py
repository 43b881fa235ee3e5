"""Dead letters by what is wrong with them. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from queuebit_operations.dead_letters.box import Kept


@dataclass(frozen=True, slots=True)
class Failing:
    """Letters of one fingerprint in one group. `example`: the id of the newest."""

    group: str
    fingerprint: str
    error_type: str
    error_at: str
    code: str
    letters: int
    open: int
    jobs: int
    tenants: int
    replays: int
    first_seen: str
    last_seen: str
    example: str

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def failing(kept: Iterable[Kept]) -> list[Failing]:
    """The groups, that with the most open letters first."""
    by_group: defaultdict[tuple[str, str], list[Kept]] = defaultdict(list)
    for each in kept:
        by_group[each.letter.group, each.letter.fingerprint].append(each)
    found = [_failing(some) for some in by_group.values()]
    return sorted(found, key=lambda each: (-each.open, each.group, each.fingerprint))


def _failing(some: list[Kept]) -> Failing:
    letters = [each.letter for each in some]
    newest = max(some, key=lambda each: (each.letter.failed_at, each.letter.offset))
    return Failing(
        group=newest.letter.group,
        fingerprint=newest.letter.fingerprint,
        error_type=newest.letter.error_type,
        error_at=newest.letter.error_at,
        code=newest.letter.code,
        letters=len(some),
        open=sum(each.open for each in some),
        jobs=len({each.sequence for each in some}),
        tenants=len({letter.named("ce_tenant") for letter in letters} - {None}),
        replays=sum(letter.replays for letter in letters),
        first_seen=min(letter.first_failed_at for letter in letters),
        last_seen=max(letter.failed_at for letter in letters),
        example=newest.id,
    )
