"""The tools of package.json, installed once."""

from __future__ import annotations

import pytest

from tests.contract.documents.outside import NodeTools, install_tools


@pytest.fixture(scope="session")
def node_tools() -> NodeTools:
    return install_tools()
