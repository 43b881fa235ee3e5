"""The page about Kubernetes is typed as it stands, with helm that renders and a kubectl that asks no cluster."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.unit.deployment.rendered import CHART, ROOT, Document, documents, helm, of_kind

PAGE = ROOT / "infra/docs/how-to/deploy-on-kubernetes.md"
UNITS = ROOT / "infra/systemd"
WRAPPERS = """
set -euo pipefail
helm() {{ shift; {helm} template --kube-version 1.34.0 "${{@:2}}" > rendered.yaml; }}
kubectl() {{
  case " $* " in
    *" create namespace "*|*" create secret "*)
      made=$((made + 1)); {kubectl} "$@" --dry-run=client -o yaml > "made-$made.yaml" ;;
    *) printf '%s\\n' "$*" >> asked.txt ;;
  esac
}}
made=0
touch kafka-ca.pem && mkdir -p infra && ln -s {root}/infra/helm infra/helm
"""


def typed() -> str:
    """What is typed, block by block; the lines of a here-document follow their command."""
    blocks = re.findall(r"^```console\n(.*?)^```$", PAGE.read_text(), re.S | re.M)
    return "\n".join(line.removeprefix("$ ").removesuffix(" &") for block in blocks for line in block.splitlines())


def secret_keys(found: list[Document]) -> set[tuple[str, str]]:
    """Every key of every Secret that the pods read."""
    keys = set()
    for each in found:
        if each["kind"] not in ("Deployment", "Job"):
            continue
        pod = each["spec"]["template"]["spec"]
        for volume in pod["volumes"]:
            if "secret" in volume:
                keys |= {(volume["secret"]["secretName"], item["key"]) for item in volume["secret"]["items"]}
        for container in (*pod.get("initContainers", ()), *pod["containers"]):
            read = [entry["valueFrom"] for entry in container.get("env", ()) if "valueFrom" in entry]
            keys |= {(ref["secretKeyRef"]["name"], ref["secretKeyRef"]["key"]) for ref in read if "secretKeyRef" in ref}
    return keys


def test_the_page_makes_every_secret_that_the_chart_asks_for(tmp_path: Path) -> None:
    """Given an empty cluster, when the page is typed, then what is rendered finds all it reads."""
    program = helm()
    missing = [each for each in ("bash", "kubectl", "openssl") if shutil.which(each) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} missing: the page is not typed here")
    script = WRAPPERS.format(helm=program, kubectl=shutil.which("kubectl"), root=ROOT) + typed()
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}

    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60)

    assert done.returncode == 0, done.stderr
    made = [each for path in tmp_path.glob("made-*.yaml") for each in documents(path.read_text())]
    secrets = {name: each["data"] for name, each in of_kind(made, "Secret").items()}
    rendered = documents((tmp_path / "rendered.yaml").read_text())
    asked = secret_keys(rendered)
    assert {name for name, _ in asked} == set(secrets)
    assert [
        (name, key) for name, key in asked if not base64.b64decode(secrets[name].get(key, "")) and key != "ca.pem"
    ] == []
    for name in re.findall(r"(?:deployment|deploy)/([\w-]+)", (tmp_path / "asked.txt").read_text()):
        assert name in of_kind(rendered, "Deployment")
    assert set(of_kind(rendered, "Service")) == {"queuebit"}


def test_the_table_of_the_page_names_values_that_are_there() -> None:
    values = yaml.safe_load((CHART.folder / "values.yaml").read_text())
    named = re.findall(r"`((?:[a-z-]+\.)+[A-Za-z]+)", PAGE.read_text().partition("## More of it")[2])

    assert len(named) >= 6
    for path in named:
        at = values
        for part in path.split("."):
            if part in ("env", "NAME"):
                break
            assert part in at, path
            at = at[part]


@pytest.mark.parametrize("unit", sorted(UNITS.iterdir()), ids=lambda path: path.name)
def test_systemd_takes_every_unit(unit: Path, tmp_path: Path) -> None:
    """Given the units with a program that is there, then systemd finds nothing to say."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not here: the units are not verified")
    for each in UNITS.iterdir():
        text = each.read_text().replace("/opt/queuebit/bin/python", shutil.which("true") or "/bin/true")
        (tmp_path / each.name).write_text(text)
    name = unit.name.replace("@.", "@gateway.")
    env = {**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"}

    done = subprocess.run([program, "verify", "--man=no", name], env=env, capture_output=True, text=True, timeout=60)

    said = [line for line in done.stderr.splitlines() if "queuebit" in line]
    assert (done.returncode, said) == (0, []), done.stderr


def test_the_units_run_every_service_and_wait_longer_than_a_drain() -> None:
    text = (UNITS / "queuebit@.service").read_text()
    page = (ROOT / "infra/docs/how-to/deploy-on-machines.md").read_text()
    services = {path.name for path in (ROOT / "services").iterdir()}

    assert {each for each in services if f"queuebit@{each}" in page} == services
    assert int(re.findall(r"TimeoutStopSec=(\d+)", text)[0]) > int(re.findall(r"QUEUEBIT_DRAIN_S=(\d+)", page)[0])
    assert "RestartPreventExitStatus=2 9" in text
