"""Rules and dashboards say what the tables say, ask for metrics that are there, and each alert has its page and its drill."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from queuebit_contracts.event import Verdict
from queuebit_contracts.jobs import Tier
from queuebit_gateway.access.rate_limits import RouteClass
from queuebit_runtime.telemetry.meters import prometheus_name
from queuebit_runtime.telemetry.metrics import DURATION_BUCKETS_S, METRICS, MetricInfo
from queuebit_workbench.drill.__main__ import NAMES
from queuebit_workbench.observability.__main__ import files, main
from queuebit_workbench.observability.alerts import ALERTS
from queuebit_workbench.observability.panels import BOARDS
from queuebit_workbench.observability.promises import BURNS, BY_NAME, PROMISES, WINDOWS
from queuebit_workbench.observability.rules import rules, sloth

ROOT = Path(__file__).parents[3]
INFRA = ROOT / "infra"
RUNBOOKS = INFRA / "docs/runbooks"
NO_INCIDENT = {"README", "post-incident"}
OTHERS = {"process_resident_memory_bytes", "process_cpu_seconds_total", "up"}
"""What the client of Prometheus tells by itself."""
FROM_PROMETHEUS = {"le", "instance", "alertname", "alertstate", "severity"}
_NAME = re.compile(r"\b((?:queuebit|messaging|process)_\w+)(?=[\s{\[)]|$)")
_LABELS = re.compile(r"\{([^}]*)\}")
_BY = re.compile(r"\bby \(([^)]*)\)")
_RECORDED = re.compile(r"queuebit:\w+:bad_ratio_\w+")


def series() -> dict[str, MetricInfo]:
    """Every name under which Prometheus keeps something of a metric of ours."""
    found: dict[str, MetricInfo] = {}
    for info in METRICS:
        name = prometheus_name(info)
        endings = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}[info.kind]
        found |= {f"{name}{ending}": info for ending in endings}
    return found


def questions() -> Iterator[str]:
    """Every question of rules and dashboards."""
    for group in rules()["groups"]:
        for rule in group["rules"]:
            yield rule["expr"]
    for board in BOARDS:
        for panel in board.panels:
            yield from (expr for expr, _ in panel.queries)


SERIES = series()
LABELS = {label.replace(".", "_") for info in METRICS for label in info.labels} | FROM_PROMETHEUS


@pytest.mark.parametrize("path", files())
def test_what_is_committed_is_what_the_tables_say(path: str) -> None:
    assert (INFRA / path).read_text() == files()[path], "run `make observability` and commit what it wrote"


def test_every_question_asks_for_metrics_and_labels_that_are_there() -> None:
    """Given each question, then its metrics are in the registry, and so are its labels."""
    asked = list(questions())
    recorded = {f"{each.series}_{window}" for each in PROMISES for window in WINDOWS}

    assert len(asked) > 60
    for question in asked:
        bare = re.sub(r'"[^"]*"', '""', question)
        plain = _RECORDED.sub("0", _BY.sub("", _LABELS.sub("", bare)))
        assert set(_RECORDED.findall(bare)) <= recorded, question
        assert set(_NAME.findall(plain)) <= set(SERIES) | OTHERS, question
        named = {each.strip() for group in _BY.findall(bare) for each in group.split(",")}
        named |= set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", " ".join(_LABELS.findall(bare))))
        assert named <= LABELS, question


def test_no_metric_is_told_that_nobody_looks_at() -> None:
    text = " ".join(questions())

    assert [info.name for info in METRICS if not re.search(rf"\b{prometheus_name(info)}(_|\b)", text)] == []


def test_each_alert_has_the_page_and_the_drill_of_its_name() -> None:
    """Given alerts, pages and drills, then each has its two others, one to one."""
    pages = {page.stem for page in RUNBOOKS.glob("*.md")} - NO_INCIDENT
    alerts = [alert.page for alert in ALERTS]

    assert len(set(alerts)) == len(alerts)
    assert set(alerts) == pages == set(NAMES)
    assert {name for alert in ALERTS for name in alert.promises} == set(BY_NAME), "each promise wakes somebody"
    for group in rules()["groups"]:
        for rule in group["rules"]:
            if "alert" in rule:
                assert (ROOT / rule["annotations"]["runbook"]).exists(), rule["alert"]


@pytest.mark.parametrize("name", NAMES)
def test_a_drill_waits_for_nothing_that_its_alert_does_not_tell(name: str) -> None:
    """Given the codes that a drill waits for in the metrics, then the alert of its name asks for them."""
    source = ROOT / f"libs/workbench/src/queuebit_workbench/drill/{name.replace('-', '_')}.py"
    text = source.read_text() if source.exists() else ""
    codes = set(re.findall(r'\btold\([^)]*"(\w+)"\)', text))
    (alert,) = [each for each in ALERTS if each.page == name]
    asked = " ".join(condition.expr for condition in alert.conditions)

    assert [code for code in codes if code in _codes_of_readiness() and code not in asked] == []


def _codes_of_readiness() -> set[str]:
    return {
        code
        for alert in ALERTS
        for each in alert.conditions
        for code in re.findall(r'code=~"([^"]*)"', each.expr)
        for code in code.split("|")
    }


def test_what_an_alert_asks_a_label_for_is_told_by_somebody() -> None:
    """Given each value that rules compare a label with, then it is one of those that the services give it."""
    asked: dict[str, set[str]] = {}
    for group in rules()["groups"]:
        for rule in group["rules"]:
            for label, value in re.findall(r'(\w+)(?:=~|!~|!=|=)"([^"]*)"', rule["expr"]):
                asked.setdefault(label, set()).update(value.split("|"))

    assert asked.pop("queuebit_code") <= _codes_that_are_told()
    assert asked.pop("queuebit_verdict") <= set(get_args(Verdict))
    assert asked.pop("queuebit_tier") <= set(get_args(Tier))
    assert asked.pop("queuebit_in_time") <= {"yes", "no"}
    assert asked.pop("queuebit_route_class") <= set(get_args(RouteClass))
    assert asked.pop("queuebit_status_class") <= {f"{each}xx" for each in range(1, 6)}
    assert asked.pop("messaging_consumer_group_name") == {".*classical-solver.*"}
    assert {float(each) for each in asked.pop("le")} <= set(DURATION_BUCKETS_S)
    assert asked == {}


def _codes_that_are_told() -> set[str]:
    """Those of the reasons that a service is not ready for."""
    sources = [
        *(ROOT / "services").rglob("*.py"),
        *(ROOT / "libs/runtime").rglob("*.py"),
        *(ROOT / "libs/store").rglob("*.py"),
    ]
    return {code for each in sources for code in re.findall(r'\b(?:Reason|Trouble)\(\s*"(\w+)"', each.read_text())}


def test_a_budget_that_burns_is_noticed_before_it_is_gone() -> None:
    """Given every promise and window, then the limit is a share that can happen, and slower burns are tickets."""
    for promise in PROMISES:
        assert 0 < promise.budget < 0.05
        assert all(0 < burn.factor * promise.budget < 1 for burn in BURNS), promise.name
    assert [burn.severity for burn in sorted(BURNS, key=lambda each: -each.factor)] == [
        "page",
        "page",
        "ticket",
        "ticket",
    ]
    assert {burn.long for burn in BURNS} | {burn.short for burn in BURNS} == set(WINDOWS)


def test_dashboards_are_read_by_their_address_and_overlap_nowhere() -> None:
    boards = [json.loads(text) for path, text in files().items() if path.startswith("dashboards/")]

    assert len({each["uid"] for each in boards}) == len(boards) == len(BOARDS)
    for board in boards:
        places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in board["panels"]]
        assert len(set(places)) == len(places)
        assert all(
            target["expr"] and target["legendFormat"] for panel in board["panels"] for target in panel["targets"]
        )


def test_every_question_is_promql() -> None:
    parser = pytest.importorskip("promql_parser", reason="promql-parser is not here: `make setup` installs it")
    for question in questions():
        parser.parse(question.replace("$__rate_interval", "5m").replace("$__range", "1h"))


@pytest.mark.parametrize(
    "words",
    [
        ("check", "rules", "rules/queuebit.yaml"),
        ("test", "rules", "rules.test.yaml"),
        ("check", "config", "compose.yaml"),
    ],
)
def test_prometheus_takes_the_rules_and_they_fire_as_their_tests_say(words: tuple[str, ...]) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not here: it comes with Debian's package prometheus")
    *how, file = words
    done = subprocess.run(
        [promtool, *how, str(INFRA / "observability" / file)], capture_output=True, text=True, timeout=60
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_it_writes_the_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 0
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()} == set(files())
    assert main(["a", "b"]) == 2
    assert "INFRA" in capsys.readouterr().err


def test_the_rules_are_one_document_of_prometheus() -> None:
    read: dict[str, Any] = yaml.safe_load((INFRA / "observability/rules/queuebit.yaml").read_text())

    assert read == rules()


def test_sloth_is_told_the_same_promises() -> None:
    """Given the specification, then each promise is there with its objective, its alert, and a window for Sloth to fill in."""
    told = {each["name"]: each for each in sloth()["slos"]}

    assert {name: each["objective"] for name, each in told.items()} == {each.name: each.objective for each in PROMISES}
    for each in told.values():
        assert all(
            "[{{.window}}]" in query and "{window}" not in query.replace("{{.window}}", "")
            for query in each["sli"]["events"].values()
        )
        assert each["alerting"]["name"] in {alert.name for alert in ALERTS}
