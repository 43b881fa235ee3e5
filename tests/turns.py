"""Which file is tested when, where several processes test. What talks to servers waits much, and what needs none computes: in
turns, one process computes while another waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import pytest
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

PLATFORM = "tests/e2e/"
"""Whoever has begun with these files tests all of them, so that the platform they share is started once."""
WAITING = tuple(f"tests/{each}/" for each in ("integration", "contract/bus", "contract/provider", "contract/store"))
LAST_SHARE = 0.1
"""So much of what needs no server comes at the end: nobody waits long for another who began a long file last."""


class Turns(LoadFileScheduling):  # type: ignore[misc]
    """File by file, in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return PLATFORM if nodeid.startswith(PLATFORM) else str(super()._split_scope(nodeid))


def in_turns(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The same tests, those of a file together: first those of the platform, then files that wait among files that do not."""
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.nodeid.partition("::")[0], []).append(item)
    platform = [name for name in files if name.startswith(PLATFORM)]
    waiting = [name for name in files if name.startswith(WAITING)]
    computing = [name for name in files if not name.startswith((PLATFORM, *WAITING))]
    ordered = platform + spread(waiting, computing)
    return list(chain.from_iterable(files[name] for name in ordered))


def spread(few: Sequence[str], many: Sequence[str]) -> list[str]:
    """The few in even steps among the first of the many; each of them in its order."""
    among = len(many) - int(len(many) * LAST_SHARE)
    places = [(nth * among / len(few), each) for nth, each in enumerate(few)]
    places += [(nth + 0.5, each) for nth, each in enumerate(many)]
    return [each for _, each in sorted(places, key=lambda found: found[0])]
