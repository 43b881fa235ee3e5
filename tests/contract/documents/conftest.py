"""What outside tools say of our documents. Those that need Node or long run only where they are asked for: `-m contract`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.contract.documents.outside import NodeTools, install_tools

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "contract" in (config.getoption("markexpr") or ""):
        return
    left_out = [item for item in items if item.get_closest_marker("contract") and HERE in item.path.parents]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = _without(items, left_out)


def _without(items: Sequence[pytest.Item], left_out: Sequence[pytest.Item]) -> list[pytest.Item]:
    gone = {item.nodeid for item in left_out}
    return [item for item in items if item.nodeid not in gone]


@pytest.fixture(scope="session")
def node_tools() -> NodeTools:
    return install_tools()
