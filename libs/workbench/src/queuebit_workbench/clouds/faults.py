"""Faults on command: what goes wrong with which request, before or after the cloud has acted on it, and how often."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from typing import Any, Literal

When = Literal["before", "after"]


@dataclass(slots=True)
class Fault:
    """One thing that goes wrong: a status, a dropped connection, or a wait of `hang_s` before anything else.

    `when`: before the cloud acts on the request, or after, so that the caller does not hear of what was done. `times`: how
    often it happens, None for always; `share`: with which probability.
    """

    method: str
    path: str
    when: When = "before"
    status: int | None = None
    drop: bool = False
    hang_s: float = 0.0
    times: int | None = 1
    share: float = 1.0
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)

    def applies(self, method: str, path: str, when: When, chance: random.Random) -> bool:
        """Whether it happens now; then it has happened once more."""
        if when != self.when or method != self.method or not re.fullmatch(self.path, path):
            return False
        if self.times == 0 or chance.random() >= self.share:
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass(slots=True)
class Faults:
    """The table, and what is missing from answers."""

    table: list[Fault] = field(default_factory=list)
    without: tuple[str, ...] = ()
    """Fields that a newer version of the API has dropped, at any depth."""
    chance: random.Random = field(default_factory=lambda: random.Random(0))

    def find(self, method: str, path: str, when: When) -> Fault | None:
        """The first that happens now."""
        return next((fault for fault in self.table if fault.applies(method, path, when, self.chance)), None)

    def pruned(self, document: Any) -> Any:
        """A copy of an answer without the fields that were dropped."""
        if isinstance(document, dict):
            return {name: self.pruned(value) for name, value in document.items() if name not in self.without}
        if isinstance(document, list):
            return [self.pruned(each) for each in document]
        return document
