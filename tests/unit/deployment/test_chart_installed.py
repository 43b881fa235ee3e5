"""The chart in an API server of Kubernetes: every object is taken, kept, upgraded and taken away, as the page says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from queuebit_workbench.deployment.cluster import api_server, found
from queuebit_workbench.deployment.custom_kinds import custom_kinds
from queuebit_workbench.witnesses.errors import WitnessMissing
from tests.pages import NOT_RUN, statements
from tests.unit.deployment.rendered import CHART, ROOT, SERVICES, documents, helm

pytestmark = [pytest.mark.contract, pytest.mark.timeout(600)]
PAGE = ROOT / "infra/docs/how-to/deploy-on-kubernetes.md"
NEEDS_PODS = ("rollout status", "exec deploy", "port-forward")
"""Nothing runs there: no node, no controller."""


@dataclass(frozen=True)
class Cluster:
    """What is typed is told to the API server."""

    folder: Path
    env: dict[str, str]

    def types(self, text: str) -> str:
        done = subprocess.run(
            ["bash", "-c", f"set -euo pipefail\n{text}"],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, f"{text}\n{done.stderr}"
        return done.stdout

    def kept(self, kinds: str, namespace: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.types(f"kubectl -n {namespace} get {kinds} -o json"))["items"]
        return found


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    program = helm()
    try:
        server, kinds = found(), custom_kinds()
    except WitnessMissing as error:
        pytest.skip(str(error))
    missing = [each for each in ("bash", "kubectl", "openssl") if shutil.which(each) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} missing: nothing is installed here")
    folder = tmp_path_factory.mktemp("cluster")
    (folder / "infra").symlink_to(ROOT / "infra")
    (folder / "kafka-ca.pem").write_text("a certificate\n")
    with api_server(server, folder / "server") as config:
        path = f"{program.parent}:{os.environ['PATH']}"
        made = Cluster(folder, {"PATH": path, "HOME": str(folder), "KUBECONFIG": str(config)})
        for each in kinds:
            made.types(f"kubectl create -f {each}")
            made.types(f"kubectl wait --for=condition=established --timeout=60s -f {each}")
        yield made


def test_the_page_installs_and_upgrades(cluster: Cluster) -> None:
    """Given an empty cluster, then what is typed leaves every object there, and a new version takes their place."""
    typed = list(statements(PAGE.read_text()))
    *_, upgrade = typed
    nobody = tuple(begins for begins in NOT_RUN["how-to/deploy-on-kubernetes.md"])
    install = [
        each
        for each in typed
        if each != upgrade and not each.startswith(nobody) and not any(word in each for word in NEEDS_PODS)
    ]

    cluster.types("\n".join(install))
    first = cluster.kept("deployments", "queuebit")
    jobs = {each["metadata"]["name"] for each in cluster.kept("jobs", "queuebit")}
    cluster.types(upgrade)

    assert {each["metadata"]["name"] for each in first} == {f"queuebit-{service}" for service in SERVICES}
    assert len(jobs) == 2
    images = [
        container["image"]
        for each in cluster.kept("deployments", "queuebit")
        for container in each["spec"]["template"]["spec"]["containers"]
    ]
    assert [image for image in images if not image.endswith(":0.2.0")] == []
    after = {each["metadata"]["name"] for each in cluster.kept("jobs", "queuebit")}
    assert len(after - jobs) == 2, "the jobs of another version are others: none of them is changed"


@pytest.mark.parametrize("case", CHART.cases, ids=lambda path: path.stem)
def test_every_case_is_taken_beside_another_release_and_leaves_nothing(cluster: Cluster, case: Path) -> None:
    """Given the kinds of KEDA and of the Prometheus operator, then what a case has of them is taken by their own schemas."""
    namespace, kinds = (
        f"of-{case.stem}",
        ",".join(sorted({each["kind"] for each in documents(CHART.kept(case).read_text())})),
    )
    cluster.types(f"kubectl create namespace {namespace}")
    before = cluster.kept(kinds, namespace)
    for release in ("one", "two"):
        cluster.types(
            f"helm install {release} infra/helm/queuebit -n {namespace} --values infra/helm/cases/{case.name}"
        )

    names = [f"{each['kind']}/{each['metadata']['name']}" for each in cluster.kept(kinds, namespace)]
    assert len(names) - len(before) == 2 * len(documents(CHART.kept(case).read_text()))
    cluster.types(f"helm uninstall one two -n {namespace}")
    assert cluster.kept(kinds, namespace) == before


def test_what_is_wrong_is_refused(cluster: Cluster) -> None:
    """Given objects that no cluster takes, of Kubernetes' own kinds and of others', then the server says so."""
    cluster.types("kubectl create namespace wrong")
    (cluster.folder / "wrong.yaml").write_text(
        "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: wrong}\nspec: {triggers: 7}\n"
    )
    said = cluster.types("kubectl -n wrong create -f wrong.yaml 2>&1 || true")
    assert "spec.triggers" in said
