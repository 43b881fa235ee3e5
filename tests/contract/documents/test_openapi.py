"""schemas/openapi.json is valid OpenAPI 3.1 to tools that we did not write."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.contract.documents.outside import SCHEMAS, NodeTools

OPENAPI = SCHEMAS / "openapi.json"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(OPENAPI.read_text())
    return found


def test_openapi_spec_validator_finds_nothing(document: dict[str, Any]) -> None:
    found = [
        f"{list(error.absolute_path)}: {error.message}" for error in OpenAPIV31SpecValidator(document).iter_errors()
    ]

    assert found == []


@pytest.mark.contract
def test_redocly_finds_nothing(node_tools: NodeTools) -> None:
    done = node_tools.run("redocly", "lint", "--config", "redocly.yaml", "--format", "json", str(OPENAPI))

    assert json.loads(done.stdout)["totals"] == {"errors": 0, "warnings": 0, "ignored": 0}, done.stdout


@pytest.mark.contract
def test_spectral_finds_nothing(node_tools: NodeTools) -> None:
    done = node_tools.run(
        "spectral", "lint", "--ruleset", "spectral-openapi.yaml", "--fail-severity", "hint", str(OPENAPI)
    )

    assert done.returncode == 0, done.stdout + done.stderr
