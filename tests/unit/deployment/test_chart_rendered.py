"""What the chart renders: kept, valid, and every pod has what keeps it safe and awake."""

from __future__ import annotations

from pathlib import Path

import pytest

from queuebit_workbench.deployment.chart import SOURCES
from tests.unit.deployment.rendered import CHART, SERVICES, Document, documents, helm, of_kind, pods

CASES = pytest.mark.parametrize("case", CHART.cases, ids=lambda path: path.stem)
VERSIONS = ("1.27.0", "1.37.0")
CUSTOM = {"ScaledObject", "PodMonitor", "PrometheusRule"}


def kept(case: Path) -> list[Document]:
    return documents(CHART.kept(case).read_text())


def test_what_is_kept_was_rendered_from_the_chart_as_it_is() -> None:
    assert (CHART.golden / SOURCES).read_text() == CHART.digest(), "run `make deployment` and commit what it wrote"


@CASES
def test_it_renders_as_it_is_kept(case: Path) -> None:
    assert CHART.render(helm(), [case]) == CHART.kept(case).read_text()


@CASES
def test_helm_finds_nothing_in_it(case: Path) -> None:
    assert CHART.lint(helm(), case) == ""


def test_helm_finds_what_is_wrong(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("kafka: {bootstrap: 7}")

    assert "kafka" in CHART.lint(helm(), wrong)


@CASES
@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_would_take_it(case: Path, version: str) -> None:
    validate = pytest.importorskip(
        "kubernetes_validate", reason="kubernetes-validate is not here: `make deployment` installs it"
    )
    for each in kept(case):
        if each["kind"] not in CUSTOM:
            validate.validate(each, version, strict=True)


@CASES
def test_every_service_has_its_deployment_and_may_lose_one_pod_at_a_time(case: Path) -> None:
    found = kept(case)
    names = {f"acme-queuebit-{service}" for service in SERVICES}

    assert set(of_kind(found, "Deployment")) == names
    budgets = of_kind(found, "PodDisruptionBudget")
    assert {name: each["spec"]["maxUnavailable"] for name, each in budgets.items()} == dict.fromkeys(names, 1)
    for name, each in of_kind(found, "Deployment").items():
        assert budgets[name]["spec"]["selector"] == each["spec"]["selector"]
        assert each["spec"]["selector"]["matchLabels"].items() <= each["spec"]["template"]["metadata"]["labels"].items()


@CASES
def test_no_pod_has_more_rights_than_it_needs(case: Path) -> None:
    """Given every pod, then no root, no token, no capability, no writable root; what it may use is said."""
    found = list(pods(kept(case)))
    assert len(found) >= len(SERVICES)
    for name, pod in found:
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in (*pod.get("initContainers", ()), *pod["containers"]):
            rights = container["securityContext"]
            assert rights == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, name
            assert set(container["resources"]["requests"]) == {"cpu", "memory"}, name
            assert set(container["resources"]["limits"]) == {"memory"}, (
                f"{name}: a limit of memory, none of the processor"
            )


@CASES
def test_probes_ask_whether_work_can_flow_and_the_end_leaves_time_for_it(case: Path) -> None:
    for name, deployment in of_kind(kept(case), "Deployment").items():
        pod = deployment["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        drain_s = next(each["value"] for each in container["env"] if each["name"] == "QUEUEBIT_DRAIN_S")
        paths = {kind: container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness", "liveness")}
        assert paths == {"startup": "/ready", "readiness": "/ready", "liveness": "/live"}, name
        assert pod["terminationGracePeriodSeconds"] == int(drain_s) + 15, name


@CASES
def test_only_what_is_named_goes_in_and_out(case: Path) -> None:
    policies = of_kind(kept(case), "NetworkPolicy")
    if case.stem == "shared":
        assert policies == {}
        return
    denying = policies.pop("acme-queuebit-nothing-else")
    assert denying["spec"]["ingress"] == []
    assert set(policies) == {f"acme-queuebit-{each}" for each in (*SERVICES, "migrations", "topics")}
    internet = [name for name, each in policies.items() if "0.0.0.0/0" in str(each["spec"]["egress"])]
    assert internet == ["acme-queuebit-gateway", "acme-queuebit-quantum-adapter"], "webhooks, and providers"
    stores = {name for name, each in policies.items() if "5432" in str(each["spec"]["egress"])}
    sealing = {"classical-solver", "result-validation"} if case.stem == "production" else set()
    asking = {"gateway", "control-plane", "quantum-adapter", "migrations"} | sealing
    assert stores == {f"acme-queuebit-{each}" for each in asking}


def test_who_seals_data_of_subjects_has_the_master_keys_and_a_way_to_the_wrapped_ones() -> None:
    """Given a Secret of master keys, then it is mounted where data is sealed or opened, and nowhere without it."""
    sealing = {"gateway", "quantum-adapter", "classical-solver", "result-validation"}
    found = {}
    for case in ("production", "smallest"):
        found[case] = {
            name
            for name, pod in pods(documents(CHART.kept(CHART.root / f"cases/{case}.yaml").read_text()))
            if any("QUEUEBIT_MASTER_KEY_FILE" in str(each.get("env")) for each in pod["containers"])
            and {"queuebit-master"} & {each.get("secret", {}).get("secretName") for each in pod["volumes"]}
            and {"QUEUEBIT_POSTGRES"} & {each["name"] for each in pod["containers"][0]["env"]}
            and any(each["name"] == "wait-for-tables" for each in pod["initContainers"])
        }

    assert found == {"production": {f"acme-queuebit-{each}" for each in sealing}, "smallest": set()}


def test_accounts_of_providers_come_to_quantum_adapters_alone() -> None:
    """Given a Secret with accounts and a role of Vault, then who talks to providers has both, and a token for Vault alone."""
    program, case = helm(), CHART.root / "cases/production.yaml"
    more = ["--set", "credentialsSecret=accounts,vault.role=queuebit,vault.audience=https://vault"]
    more += ["--set-json", 'networkPolicy.vaultTo=[{"ipBlock":{"cidr":"10.30.0.7/32"}}]']
    found = documents(CHART.render(program, [case], more=more))

    told = {}
    for name, pod in pods(found):
        env = {each["name"]: each.get("value") for each in pod["containers"][0]["env"]}
        volumes = {each["name"]: each for each in pod["volumes"]}
        if {"credentials", "vault"} & volumes.keys() or any("VAULT" in each for each in env):
            mounts = {each["name"]: each["mountPath"] for each in pod["containers"][0]["volumeMounts"]}
            told[name] = (env, volumes, mounts, pod["automountServiceAccountToken"])
    (env, volumes, mounts, automounted) = told.pop("acme-queuebit-quantum-adapter")
    reached = {
        name
        for name, policy in of_kind(found, "NetworkPolicy").items()
        if any("10.30.0.7/32" in str(each) and each["ports"][0]["port"] == 8200 for each in policy["spec"]["egress"])
    }

    assert told == {}
    assert env["QUEUEBIT_QUANTUM_CREDENTIALS"] == mounts["credentials"]
    assert volumes["credentials"]["secret"]["secretName"] == "accounts"
    assert env["QUEUEBIT_QUANTUM_VAULT_ROLE"] == "queuebit"
    assert env["QUEUEBIT_QUANTUM_VAULT_JWT_FILE"] == f"{mounts['vault']}/token"
    (source,) = volumes["vault"]["projected"]["sources"]
    assert source["serviceAccountToken"] == {"path": "token", "audience": "https://vault", "expirationSeconds": 3600}
    assert (automounted, reached) == (False, {"acme-queuebit-quantum-adapter"})


def test_what_a_service_needs_is_let_through_and_nothing_beside() -> None:
    """Given the names' resolvers, an issuer and artifacts inside, then who asks them may, and who sends no webhooks may not."""
    program, case = helm(), CHART.root / "cases/production.yaml"
    more = ["--set-json", 'networkPolicy.issuerTo=[{"ipBlock":{"cidr":"10.30.0.8/32"}}]']
    more += ["--set-json", 'networkPolicy.artifactsTo=[{"ipBlock":{"cidr":"10.30.0.9/32"}}]']
    more += ["--set", "networkPolicy.artifactsPorts={9000}", "--set", "networkPolicy.webhooks=false"]
    policies = of_kind(documents(CHART.render(program, [case], more=more)), "NetworkPolicy")

    def out(name: str) -> list[Document]:
        found: list[Document] = policies[f"acme-queuebit-{name}"]["spec"]["egress"]
        return found

    resolvers = {str(to) for each in out("nothing-else") for to in each["to"]}
    assert resolvers == {
        "{'namespaceSelector': {'matchLabels': {'kubernetes.io/metadata.name': 'kube-system'}}}",
        "{'ipBlock': {'cidr': '169.254.20.10/32'}}",
    }
    assert {port["protocol"] for each in out("nothing-else") for port in each["ports"]} == {"UDP", "TCP"}
    assert [each["ports"] for each in out("gateway") if "10.30.0.8/32" in str(each["to"])] == [
        [{"port": 443, "protocol": "TCP"}]
    ]
    for name in ("quantum-adapter", "gateway"):
        ports = [each["ports"] for each in out(name) if "10.30.0.9/32" in str(each["to"])]
        assert ports == [[{"port": 9000, "protocol": "TCP"}]], name
    assert "0.0.0.0/0" not in str(out("gateway"))
    for name in ("control-plane", "classical-solver", "result-validation"):
        assert "10.30.0." not in str(out(name)), name


def test_workers_scale_by_the_age_of_what_waits_and_the_rest_by_what_waits() -> None:
    scaled = of_kind(kept(CHART.root / "cases/production.yaml"), "ScaledObject")
    asked = {
        name.removeprefix("acme-queuebit-"): [
            each["metadata"].get("query", "cpu").partition("{")[0] for each in one["spec"]["triggers"]
        ]
        for name, one in scaled.items()
    }

    assert asked == {
        "gateway": ["cpu"],
        "control-plane": ["sum(queuebit_consumer_lag"],
        "quantum-adapter": ["max(queuebit_queue_age_seconds"],
        "classical-solver": ["max(queuebit_queue_age_seconds"],
        "result-validation": ["sum(queuebit_consumer_lag"],
    }
    assert all(each["spec"]["minReplicaCount"] >= 1 for each in scaled.values()), "the age is told by workers alone"
    for each in of_kind(kept(CHART.root / "cases/production.yaml"), "Deployment").values():
        assert "replicas" not in each["spec"], "whoever scales it says how many"


def test_two_releases_in_one_namespace_share_no_name() -> None:
    """Given names that begin alike, or that are longer than fits, then nothing of the one is the other's."""
    program, case = helm(), CHART.root / "cases/production.yaml"
    releases = ("acme", "acme-2", "queuebit", "queuebit-2", "a" * 53, "a" * 52 + "b")
    seen: dict[tuple[str, str], str] = {}
    selectors: dict[str, str] = {}
    for release in releases:
        for each in documents(CHART.render(program, [case], release=release)):
            key = (each["kind"], each["metadata"]["name"])
            assert len(key[1]) <= 63, key
            assert seen.setdefault(key, release) == release, key
            if each["kind"] == "Deployment":
                selector = str(sorted(each["spec"]["selector"]["matchLabels"].items()))
                assert selectors.setdefault(selector, release) == release


def test_what_a_job_does_is_in_its_name_so_that_an_upgrade_makes_a_new_one() -> None:
    program, case = helm(), CHART.root / "cases/production.yaml"
    now = set(of_kind(documents(CHART.render(program, [case])), "Job"))
    same = set(of_kind(documents(CHART.render(program, [case], more=["--set", "services.gateway.replicas=5"])), "Job"))
    next_ = set(of_kind(documents(CHART.render(program, [case], more=["--set", "images.tag=1.4.3"])), "Job"))

    assert len(now) == 2
    assert same == now
    assert next_.isdisjoint(now)


def test_a_changed_setting_restarts_the_pods_that_read_it() -> None:
    program, case = helm(), CHART.root / "cases/production.yaml"

    def sums(*more: str) -> dict[str, str]:
        found = of_kind(documents(CHART.render(program, [case], more=more)), "Deployment")
        return {
            name: each["spec"]["template"]["metadata"]["annotations"]["checksum/settings"]
            for name, each in found.items()
        }

    before, after = sums(), sums("--set", "services.gateway.env.QUEUEBIT_LOG_LEVEL=DEBUG")
    assert {name for name in before if before[name] != after[name]} == {"acme-queuebit-gateway"}
