"""The reference says what the code says: each metric, setting, topic, message, error, kind, route and verb has its entry."""

from __future__ import annotations

from pathlib import Path

import pytest

from queuebit_contracts.channels import CHANNELS
from queuebit_contracts.failures import FailureCode
from queuebit_contracts.registry import REGISTRY
from queuebit_gateway.http.app import openapi_document
from queuebit_gateway.problem_types import PROBLEMS
from queuebit_problems.registry import built_in_modules, kind_of, kinds
from queuebit_runtime.telemetry.metrics import METRICS
from queuebit_workbench.reference.__main__ import PAGES, main
from queuebit_workbench.reference.markdown import cell, table
from queuebit_workbench.reference.programs import verbs
from queuebit_workbench.settings_page import sections

FOLDER = Path(__file__).parents[3] / "infra/docs/reference"
METHODS = {"get", "post", "put", "patch", "delete"}


def named() -> list[tuple[str, list[str]]]:
    """By page, what must stand on it."""
    own = [name for name in kinds() if type(kind_of(name)).__module__.startswith("queuebit_problems.")]
    routes = [
        f"## `{method.upper()} {path}`"
        for path, found in openapi_document()["paths"].items()
        for method in found
        if method in METHODS
    ]
    return [
        ("metrics.md", [f"`{each.name}`" for each in METRICS]),
        ("settings.md", [f"`{each.variable}`" for section in sections() for each in section.settings]),
        ("topics.md", [f"## `{each.topic}`" for each in CHANNELS]),
        ("events.md", [f"`{each}`" for each in REGISTRY.known]),
        ("errors.md", [*(f"`{each}`" for each in PROBLEMS), *(f"`{each.value}`" for each in FailureCode)]),
        ("kinds.md", [f"`{each}`" for each in own]),
        ("http.md", routes),
        ("cli.md", [f"## `{each}`\n" for each in verbs()]),
    ]


@pytest.mark.parametrize("name", PAGES)
def test_the_committed_page_is_what_the_code_says(name: str) -> None:
    assert (FOLDER / name).read_text() == PAGES[name](), "run `make schemas` and commit what it wrote"


@pytest.mark.parametrize(("name", "wanted"), named(), ids=lambda value: value if isinstance(value, str) else "")
def test_everything_that_is_there_has_its_entry(name: str, wanted: list[str]) -> None:
    text = PAGES[name]()

    assert len(wanted) > 10
    assert [each for each in wanted if each not in text] == []


def test_every_verb_says_what_it_does() -> None:
    """Given each verb of the command line, then something stands below its heading before the next one."""
    parts = PAGES["cli.md"]().split("\n## ")[1:]

    assert len(parts) > len(verbs())
    assert [each.splitlines()[0] for each in parts if len("".join(each.splitlines()[1:])) < 10] == []


def test_kinds_of_other_packages_are_not_on_the_page() -> None:
    assert built_in_modules()
    assert "queuebit_problems" not in PAGES["kinds.md"]()


def test_a_cell_ends_no_column_and_a_table_without_rows_is_nothing() -> None:
    assert cell("a |\n b") == "a \\| b"
    assert table(("a",), []) == ""
    assert table(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_it_writes_every_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "reference")]) == 0
    assert {path.name for path in (tmp_path / "reference").iterdir()} == set(PAGES)
    assert main([]) == 2
    assert "FOLDER" in capsys.readouterr().err
