"""Whose turn it is: deficit round robin over tenants, in seconds of work as they are expected.

Each round gives every tenant that waits a quantum for its weight: what the smallest of the next ones costs. It lets out its
oldest attempts as long as they cost no more than it has saved. So shares are of work, not of jobs, and nobody waits for more
than a round of the others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

from queuebit_domain.release.shares import Queue

T = TypeVar("T", bound=Hashable)
ROUNDS_MAX: Final = 10_000
ROUNDS_FOR_ONE: Final = 1_000
"""After so many rounds at most the largest of those that wait has its turn."""


class Waiting(NamedTuple, Generic[T]):
    """One that waits: what it is, and how long it is expected to take."""

    what: T
    expected_s: float


class Turns(Generic[T]):
    """What each tenant has saved on each queue. Who waits for nothing saves nothing."""

    def __init__(self, weight: Callable[[str], float]) -> None:
        self._weight = weight
        self._saved_s: dict[tuple[Queue, str], float] = {}
        self._last: dict[Queue, list[str]] = {}
        """Who had the last turn, of each stretch of tenants that is looked at by itself."""
        self._cut: dict[Queue, list[str]] = {}
        """Whose turn was cut off, as there was no more room: it goes on with it."""

    def take(
        self,
        queue: Queue,
        waiting: Mapping[str, Sequence[Waiting[T]]],
        fits: Callable[[str, float], bool],
        count: int,
        known: Collection[str] = (),
    ) -> list[tuple[str, T]]:
        """Those whose turn it is, at most so many, each with its tenant. `waiting`: by tenant, in their order. `fits`:
        whether a tenant may have so much more out; whom it says yes to is let out. `known`: tenants that wait too, and are not
        looked at now; what they have saved stays.
        """
        left = {tenant: deque(found) for tenant, found in waiting.items() if found}
        for key in [key for key in self._saved_s if key[0] == queue and key[1] not in left and key[1] not in known]:
            del self._saved_s[key]
        if not left:
            return []
        heads_s = [found[0].expected_s for found in left.values()]
        quantum_s = max(min(heads_s), max(heads_s) / ROUNDS_FOR_ONE, 1e-9)
        goes_on, cut = _taken_from(self._cut, queue, left, known), ""
        last = _taken_from(self._last, queue, left, known)
        ring = deque(_ring(left, goes_on, last))
        taken: list[tuple[str, T]] = []
        for _ in range(ROUNDS_MAX):
            if not ring or len(taken) >= count:
                break
            tenant = ring.popleft()
            key, ahead = (queue, tenant), left[tenant]
            more_s = quantum_s * self._weight(tenant)
            saved_s, full = self._saved_s.get(key, 0.0) + (0.0 if tenant == goes_on else more_s), False
            goes_on = ""
            while ahead and ahead[0].expected_s <= saved_s and len(taken) < count:
                full = not fits(tenant, ahead[0].expected_s)
                if full:
                    break
                found = ahead.popleft()
                saved_s -= found.expected_s
                taken.append((tenant, found.what))
            if not ahead:
                self._saved_s.pop(key, None)
            else:
                # What is saved while the lane has no room is no claim to more than a round and the next one.
                self._saved_s[key] = min(saved_s, more_s + ahead[0].expected_s)
            if full or (ahead and len(taken) >= count):
                cut = cut or tenant
                continue
            last = tenant
            if ahead:
                ring.append(tenant)
        self._cut[queue] += [cut] if cut else []
        self._last[queue] += [last] if last else []
        return taken

    def corrected(self, queue: Queue, tenant: str, more_s: float) -> None:
        """What was let out took so much more than expected: it is owed, or given back."""
        key = (queue, tenant)
        if key in self._saved_s:
            self._saved_s[key] -= more_s


def _taken_from(kept: dict[Queue, list[str]], queue: Queue, left: Mapping[str, object], known: Collection[str]) -> str:
    """Who is remembered of those that are looked at, who are neighbours by name; "" where nobody is. What is remembered of
    others that wait stays, for when they are looked at.
    """
    low, high, names = min(left), max(left), kept.get(queue, [])
    kept[queue] = [name for name in names if not low <= name <= high and name in known]
    return next((name for name in names if low <= name <= high), "")


def _ring(left: Mapping[str, object], cut: str, last: str) -> list[str]:
    """The tenants in their order: whose turn was cut off first, else those behind the one that had the last turn."""
    names = sorted(left)
    if cut in left:
        return [*(name for name in names if name >= cut), *(name for name in names if name < cut)]
    return [*(name for name in names if name > last), *(name for name in names if name <= last)]
