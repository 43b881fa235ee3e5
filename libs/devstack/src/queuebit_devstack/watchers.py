"""What watches a stack from beside it: services work the same where it is gone."""

from __future__ import annotations

PROMETHEUS = "prometheus"
COLLECTOR = "collector"
WATCHERS = frozenset({PROMETHEUS, COLLECTOR})
