"""Dead letters by what is wrong with them. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from queuebit_operations.dead_letters.box import Kept
from queuebit_runtime.bus.dead_letters.letter import Letter


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


@dataclass(slots=True)
class _Tally:
    """What is counted of one way to fail. Of the letters only the newest is kept, without what it holds."""

    newest: Letter
    letters: int = 0
    open: int = 0
    replays: int = 0
    first_seen: str = ""
    jobs: set[int] = field(default_factory=set)
    """Hashes of them: there may be very many."""
    tenants: set[str] = field(default_factory=set)

    def add(self, kept: Kept) -> None:
        letter = kept.letter
        if (letter.failed_at, letter.offset) >= (self.newest.failed_at, self.newest.offset):
            self.newest = _without_what_it_holds(letter)
        self.letters += 1
        self.open += kept.open
        self.replays += letter.replays
        self.first_seen = min(self.first_seen or letter.first_failed_at, letter.first_failed_at)
        self.jobs.add(hash(kept.sequence))
        if (tenant := letter.named("ce_tenant")) is not None:
            self.tenants.add(tenant)


class Grouping:
    """Letters, one after the other, by group and fingerprint: memory for each job that fails, not for what its records hold."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[str, str], _Tally] = {}

    def add(self, kept: Kept) -> None:
        """Count one more."""
        letter = kept.letter
        tally = self._tallies.get((letter.group, letter.fingerprint))
        if tally is None:
            tally = self._tallies[letter.group, letter.fingerprint] = _Tally(_without_what_it_holds(letter))
        tally.add(kept)

    def found(self) -> list[Failing]:
        """The groups, that with the most open letters first."""
        found = [_failing(tally) for tally in self._tallies.values()]
        return sorted(found, key=lambda each: (-each.open, each.group, each.fingerprint))


def _without_what_it_holds(letter: Letter) -> Letter:
    return replace(letter, value=None, headers=())


def _failing(tally: _Tally) -> Failing:
    newest = tally.newest
    return Failing(
        group=newest.group,
        fingerprint=newest.fingerprint,
        error_type=newest.error_type,
        error_at=newest.error_at,
        code=newest.code,
        letters=tally.letters,
        open=tally.open,
        jobs=len(tally.jobs),
        tenants=len(tally.tenants),
        replays=tally.replays,
        first_seen=tally.first_seen,
        last_seen=newest.failed_at,
        example=f"{newest.group}:{newest.offset}",
    )
