"""Fixtures for all suites: `stack` starts a real Kafka and PostgreSQL once a session, where a test asks for it.

What needs Node or Java, or runs foreign clients for long, runs only where it is asked for: `-m contract`, as `make contract`
does; what types a page with servers of its own, by `-m tutorials`. Elsewhere it is left out, not skipped.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.turns import Turns, in_turns

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""How long an example takes says how busy the machine is."""
settings.register_profile("queuebit", PATIENT, derandomize=True)
settings.register_profile("other-examples", PATIENT, print_blob=True)
settings.load_profile("queuebit")
"""What a change breaks is told by the same examples as before it; `make properties` looks at others."""

pytest_plugins = ["queuebit_devstack.testing"]


ON_REQUEST = ("contract", "tutorials")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    asked = config.getoption("markexpr") or ""
    without = [marker for marker in ON_REQUEST if marker not in asked]
    left_out = [item for item in items if any(item.get_closest_marker(marker) for marker in without)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        gone = {id(item) for item in left_out}
        items[:] = [item for item in items if id(item) not in gone]
    if hasattr(config, "workerinput"):
        items[:] = in_turns(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Turns | None:
    return Turns(config, log) if config.getoption("dist") == "loadfile" else None
