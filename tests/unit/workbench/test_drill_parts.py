"""The parts of the drills: what is read from a page, from metrics, and that each page has its drill."""

from __future__ import annotations

from pathlib import Path

import pytest

from queuebit_workbench.drill.__main__ import NAMES, main
from queuebit_workbench.drill.errors import DrillFailed
from queuebit_workbench.drill.page import Command, Page, read_page
from queuebit_workbench.drill.told import total

RUNBOOKS = Path(__file__).parents[3] / "infra/docs/runbooks"
NO_INCIDENT = {"README", "post-incident"}
TEXT = """# A page

```sh
queuebit ops show $LETTER            # exit 1
queuebit ops do --reason "in 1.4.2"  # exit 0
```

| you see | do |
| --- | --- |
| this | `queuebit ops dlq drop --fingerprint F --reason "…" --apply`, then wait |
"""
METRICS = """# HELP queuebit_not_ready Why.
# TYPE queuebit_not_ready gauge
queuebit_not_ready{queuebit_code="kafka_down",service="gateway"} 1.0
queuebit_not_ready{queuebit_code="horizon_held",service="gateway"} 0.0
queuebit_dead_letters_total{topic="a"} 2.0
queuebit_dead_letters_total{topic="b, \\"c\\""} 3.0
queuebit_dead_letters_created{topic="a"} 1.7e+09
queuebit_relay_leader 1.0
"""


@pytest.fixture
def page(tmp_path: Path) -> Page:
    (tmp_path / "a-page.md").write_text(TEXT)
    return read_page(tmp_path, "a-page")


def test_a_page_is_its_commands_and_what_its_tables_say(page: Page) -> None:
    shown, done = Command(("queuebit", "ops", "show", "$LETTER"), 1), ("queuebit", "ops", "do", "--reason", "in 1.4.2")

    assert page.blocks == ((shown, Command(done, 0)),)
    assert shown.said({"LETTER": "group:1"}) == ("queuebit", "ops", "show", "group:1")
    assert page.span("queuebit ops dlq drop", {"F": "abc"}) == (
        *("queuebit", "ops", "dlq", "drop", "--fingerprint", "abc", "--reason", "…", "--apply"),
    )


def test_what_a_page_lacks_fails_the_drill(page: Page, tmp_path: Path) -> None:
    (tmp_path / "bad.md").write_text("```sh\nqueuebit ops status\n```\n")

    with pytest.raises(DrillFailed, match="LETTER"):
        page.blocks[0][0].said({})
    with pytest.raises(DrillFailed, match="says nowhere 'queuebit ops dlq edit'"):
        page.span("queuebit ops dlq edit", {})
    with pytest.raises(DrillFailed, match="no command with its exit code"):
        read_page(tmp_path, "bad")


@pytest.mark.parametrize(
    ("name", "labels", "expected"),
    [
        ("queuebit_not_ready", {"queuebit_code": "kafka_down"}, 1),
        ("queuebit_not_ready", {"queuebit_code": "horizon_held"}, 0),
        ("queuebit_dead_letters_total", {}, 5),
        ("queuebit_dead_letters_total", {"topic": "a"}, 2),
        ("queuebit_relay_leader", {}, 1),
        ("queuebit_unknown", {}, 0),
    ],
)
def test_metrics_are_summed_by_name_and_labels(name: str, labels: dict[str, str], expected: float) -> None:
    assert total(METRICS, name, **labels) == expected


def test_every_page_has_its_drill_and_every_drill_its_page() -> None:
    assert {page.stem for page in RUNBOOKS.glob("*.md")} - NO_INCIDENT == set(NAMES)


def test_a_drill_that_is_not_there_is_refused_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["earthquake", "--runbooks", str(RUNBOOKS)])

    assert ended.value.code == 2
    assert "There is no drill 'earthquake'; there are: wrong-results-from-a-backend," in capsys.readouterr().err
