"""The values of the chart: closed, complete, and each refused value names its key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from queuebit_workbench.deployment.errors import RenderFailed
from queuebit_workbench.settings_page import sections
from tests.unit.deployment.rendered import CHART, SERVICES, documents, helm, merged, pods

SCHEMA = json.loads((CHART.folder / "values.schema.json").read_text())
VALUES = yaml.safe_load((CHART.folder / "values.yaml").read_text())
SMALLEST = yaml.safe_load((CHART.root / "cases/smallest.yaml").read_text())


def complaints(values: dict[str, Any]) -> list[str]:
    validator = jsonschema.Draft7Validator(SCHEMA)
    return [f"{'.'.join(map(str, each.path))}: {each.message}" for each in validator.iter_errors(values)]


def objects(schema: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema of an object in it."""
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield place, schema
        for key, below in schema.items():
            yield from objects(below, f"{place}/{key}")


def test_no_object_of_the_schema_takes_a_key_that_it_does_not_know() -> None:
    """Given every object, then it names its keys, or says what any of its values is."""
    found = dict(objects(SCHEMA))

    assert len(found) > 20, "the walk found the objects"
    assert [
        place
        for place, each in found.items()
        if each.get("additionalProperties", True) is True and "maxProperties" not in each
    ] == []


@pytest.mark.parametrize("case", CHART.cases, ids=lambda path: path.stem)
def test_every_case_is_lawful(case: Path) -> None:
    assert complaints(merged(VALUES, yaml.safe_load(case.read_text()))) == []


def test_every_key_has_its_default_and_is_explained_by_the_schema() -> None:
    """Given the defaults alone, then only what must be set is missing."""
    missing = {"images.registry", "kafka.bootstrap", "postgres.urlSecret", "pepperSecret"}

    assert {each.split(":")[0] for each in complaints(VALUES)} == missing
    assert set(VALUES) == set(SCHEMA["properties"]) - {"global"}


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"postgres": {"existingSecret": "db"}}, "existingSecret"),
        ({"services": {"gateway": {"replica": 3}}}, "replica"),
        ({"services": {"gateway": {"env": {"lower": "x"}}}}, "lower"),
        ({"services": {"classical-solver": {"resources": {"requests": {"cpu": "two"}}}}}, "two"),
        ({"kafka": {"bootstrap": "kafka"}}, "kafka.bootstrap"),
        ({"kafka": {"securityProtocol": "TLS"}}, "TLS"),
        ({"autoscaling": {"mode": "auto"}}, "auto"),
        ({"networkPolicy": {"kafkaTo": [{"cidr": "10.0.0.0/8"}]}}, "cidr"),
    ],
)
def test_a_wrong_value_is_refused_by_name(wrong: dict[str, Any], named: str) -> None:
    found = complaints(merged(merged(VALUES, SMALLEST), wrong))

    assert any(named in each for each in found), found


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--set", "kafka.securityProtocol=SASL_SSL"], "kafka.passwordsSecret"),
        (
            ["--set", "kafka.securityProtocol=SASL_SSL", "--set", "kafka.passwordsSecret=x"],
            "topics.admin.passwordSecret",
        ),
        (["--set", "topics.rules=true"], "topics.rules"),
        (["--set", "autoscaling.mode=keda"], "autoscaling.prometheus"),
        (["--set", "telemetry.mode=otlp"], "telemetry.endpoint"),
        (["--set", "gateway.ingress.enabled=true"], "gateway.ingress"),
        (["--set", "services.gateway.autoscaling.min=9"], "services.gateway.autoscaling"),
        (["--set", "postgres.urlSecrets=x"], "urlSecrets"),
    ],
)
def test_what_does_not_fit_together_is_refused_before_anything_is_installed(flags: list[str], said: str) -> None:
    with pytest.raises(RenderFailed, match=re.escape(said)):
        CHART.render(helm(), [CHART.root / "cases/smallest.yaml"], more=flags)


def test_every_variable_that_the_chart_sets_is_one_that_the_program_reads() -> None:
    """Given the golden files, then each variable of a pod stands in the settings reference, where its program reads it."""
    shared, tools = "Every service", "Tools"
    known = {section.title: {each.variable for each in section.settings} for section in sections()}
    others = re.compile(r"OTEL_EXPORTER_OTLP_\w+|QUEUEBIT_IBM_\w+")
    unknown = []
    for kept in CHART.golden.glob("*.yaml"):
        for name, pod in pods(documents(kept.read_text())):
            for container in (*pod.get("initContainers", ()), *pod["containers"]):
                read = known[shared] | known.get(container["name"], known[tools])
                names = {each["name"] for each in container.get("env", ())}
                unknown += [(name, each) for each in names - read if not others.fullmatch(each)]

    assert set(known) >= SERVICES
    assert unknown == []
