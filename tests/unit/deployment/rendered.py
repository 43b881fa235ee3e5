"""What the chart renders, read: documents by kind and name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from queuebit_workbench.deployment.chart import HELM, Chart
from queuebit_workbench.witnesses.errors import WitnessMissing

ROOT = Path(__file__).parents[3]
CHART = Chart(ROOT / "infra/helm")
SERVICES = {"gateway", "control-plane", "quantum-adapter", "classical-solver", "result-validation"}
Document = dict[str, Any]


def documents(text: str) -> list[Document]:
    """The documents of a rendered file."""
    return [each for each in yaml.safe_load_all(text) if each]


def of_kind(found: list[Document], kind: str) -> dict[str, Document]:
    """By their names."""
    return {each["metadata"]["name"]: each for each in found if each["kind"] == kind}


def pods(found: list[Document]) -> Iterator[tuple[str, Document]]:
    """Each pod template with the name of what makes it."""
    for each in found:
        if each["kind"] in ("Deployment", "Job"):
            yield each["metadata"]["name"], each["spec"]["template"]["spec"]


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Values over values, as helm lays them."""
    out = dict(below)
    for key, value in above.items():
        beneath = out.get(key)
        out[key] = merged(beneath, value) if isinstance(beneath, dict) and isinstance(value, dict) else value
    return out


def helm() -> Path:
    """The program; the test that asks is skipped where it is not here, and says how to have it."""
    try:
        return HELM.found()
    except WitnessMissing as error:
        pytest.skip(str(error))
