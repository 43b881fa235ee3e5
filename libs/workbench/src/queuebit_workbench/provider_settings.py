"""What each provider of our own reads of the environment, as the table in its offer says it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import distribution

from queuebit_quantum_adapter.backends.discovery import GROUP
from queuebit_runtime.service.settings_text import Setting

_READ = "Read by the quantum-adapter where this provider is named."
_ROW = re.compile(r"^\| `(\w+)` \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)


def providers() -> Iterator[tuple[str, str, tuple[Setting, ...]]]:
    """Of each that reads something its title, who reads it, and its variables."""
    points = distribution("queuebit-quantum-adapter").entry_points.select(group=GROUP)
    for point in sorted(points, key=lambda point: point.name):
        _, *more = (import_module(point.module).__doc__ or "").split("\n\n")
        settings = tuple(_setting(*row) for row in _ROW.findall("\n".join(more)))
        if settings:
            yield f"Provider {point.name}", " ".join([_READ, *more[:-1]]), settings


def _setting(variable: str, meaning: str, default: str, values: str) -> Setting:
    return Setting(variable, meaning, default, values, False)
