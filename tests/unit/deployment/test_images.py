"""The images and the compose file: what they name is there, nothing runs as root, nothing listens to the world."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from queuebit_workbench.settings_page import sections
from tests.unit.deployment.rendered import ROOT, SERVICES

DOCKERFILE = (ROOT / "infra/images/Dockerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "infra/compose.yaml").read_text())
TARGETS = {*SERVICES, "tools"}
_STAGE = re.compile(r"^FROM (\S+) AS (\S+)\n(.*?)(?=^FROM |\Z)", re.MULTILINE | re.DOTALL)


def stages() -> dict[str, tuple[str, str]]:
    """By its name: what it begins from, and its lines."""
    return {name: (parent, lines) for parent, name, lines in _STAGE.findall(DOCKERFILE)}


def variables(name: str) -> set[str]:
    known = {section.title: {each.variable for each in section.settings} for section in sections()}
    return known["Every service"] | known.get(name, known["Tools"]) | known["Telemetry"]


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_each_image_runs_one_program_without_rights_or_package_tools(target: str) -> None:
    parent, lines = stages()[target]

    assert parent == "base"
    assert "USER 10001:10001" in lines
    assert lines.index("USER 10001") < lines.index("ENTRYPOINT")
    assert f"COPY --from={target}-installed /opt/queuebit /opt/queuebit" in lines
    (entry,) = re.findall(r"^ENTRYPOINT (.*)$", lines, re.MULTILINE)
    words = yaml.safe_load(entry)
    assert words[:2] == ["python", "-m"]
    if target != "tools":
        assert words[2] == f"queuebit_{target.replace('-', '_')}"
        assert find_spec(words[2]) is not None
    assert "pip uninstall" in stages()["base"][1]


def test_what_is_installed_is_ours_by_its_file_and_the_rest_as_it_is_pinned() -> None:
    """Given each stage that installs, then ours can come from no index, and others in no other version than tested."""
    installing = {name: lines for name, (_, lines) in stages().items() if name.endswith("-installed")}

    assert set(installing) == {f"{target}-installed" for target in TARGETS}
    for name, lines in installing.items():
        assert "-c /wheels/ours.txt -c /constraints.txt" in lines, name
        wanted = name.removesuffix("-installed")
        assert f"queuebit-{wanted}" in lines or wanted == "tools", name


def test_the_context_holds_the_sources_and_nothing_else() -> None:
    allowed = (ROOT / "infra/images/Dockerfile.dockerignore").read_text().splitlines()

    assert allowed[0] == "*"
    assert {each[1:] for each in allowed if each.startswith("!")} == {
        "pyproject.toml",
        "constraints.txt",
        "libs",
        "services",
    }


def test_compose_starts_everything_in_an_order_that_holds() -> None:
    """Given the services, then each waits for what is there, and those that need tables wait for the tables."""
    services = COMPOSE["services"]
    by_profile = {name: each["profiles"] for name, each in services.items()}

    assert set(services) >= SERVICES | {"kafka-1", "kafka-2", "kafka-3", "postgres", "migrations", "topics"}
    assert {tuple(profiles) for profiles in by_profile.values()} == {("core",), ("observability",)}
    for name, each in services.items():
        for awaited, how in each.get("depends_on", {}).items():
            needed = {"service_healthy": "healthcheck", "service_completed_successfully": "command"}[how["condition"]]
            assert needed in services[awaited], (name, awaited)
    stored = {name for name in SERVICES if "migrations" in services[name]["depends_on"]}
    assert stored == {"gateway", "control-plane", "quantum-adapter"}


@pytest.mark.parametrize("name", sorted(SERVICES | {"migrations", "topics"}))
def test_a_service_of_compose_has_no_rights_and_is_told_what_it_reads(name: str) -> None:
    service = COMPOSE["services"][name]

    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["build"]["target"] == (name if name in SERVICES else "tools")
    assert set(service["environment"]) - variables(name) - {"OTEL_EXPORTER_OTLP_ENDPOINT"} == set()
    if name in SERVICES:
        assert int(service["stop_grace_period"].removesuffix("s")) > int(service["environment"]["QUEUEBIT_DRAIN_S"])


def test_compose_listens_on_this_machine_alone_and_hides_what_nobody_asks() -> None:
    for name, service in COMPOSE["services"].items():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), name
        assert "outside" in service["networks"] or "ports" not in service, name
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert [name for name in ("postgres", "kafka-1") if "outside" in COMPOSE["services"][name]["networks"]] == []


def test_what_compose_mounts_is_there() -> None:
    mounted = [each for service in COMPOSE["services"].values() for each in service.get("volumes", ())]
    files = {each.split(":")[0] for each in mounted if each.startswith("./")}

    assert [each for each in files if not (ROOT / "infra" / each).exists()] == []
    assert {each.split(":")[0] for each in mounted} - files == set(COMPOSE["volumes"])


def test_the_example_of_its_variables_has_all_that_must_be_set() -> None:
    text = (ROOT / "infra/compose.yaml").read_text()
    must = set(re.findall(r"\$\{(\w+):\?", text))
    example = (ROOT / "infra/compose.env.example").read_text()

    assert must == set(re.findall(r"^(\w+)=$", example, re.MULTILINE))
    assert Path(ROOT / ".gitignore").read_text().count(".env") == 1
