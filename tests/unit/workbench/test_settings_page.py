"""The settings reference says what the models say: all of it, and nothing that is gone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from queuebit_runtime.service.settings_text import Setting
from queuebit_workbench.settings_page import page, sections

ROOT = Path(__file__).parents[3]
SETTINGS = [each for section in sections() for each in section.settings]
_VARIABLE = re.compile(r"QUEUEBIT_[A-Z][A-Z_]*[A-Z]")


def test_the_committed_page_is_what_the_models_say() -> None:
    assert (ROOT / "infra/docs/reference/settings.md").read_text() == page(), (
        "run `make schemas` and commit what it wrote"
    )


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.variable)
def test_every_setting_says_what_it_means(setting: Setting) -> None:
    assert setting.meaning[:1].isupper(), "write a docstring under the field"
    assert setting.meaning.endswith(".")
    assert setting.values


def test_every_variable_that_the_sources_name_is_on_the_page() -> None:
    """Given names of variables in the code, then each is a setting of the page; those that end in _ are prefixes."""
    known = {setting.variable for setting in SETTINGS}
    sources = [*ROOT.glob("libs/*/src/**/*.py"), *ROOT.glob("services/*/src/**/*.py")]
    named = {name for path in sources for name in re.findall(r"QUEUEBIT_[A-Z_]+", path.read_text())}

    assert {name for name in named if _VARIABLE.fullmatch(name)} - known == set()


def test_what_holds_a_secret_is_marked() -> None:
    """Given every variable with a secret, then the page marks it; a file that holds one is none itself."""
    marked = {setting.variable for setting in SETTINGS if setting.secret}
    telling = re.compile(r"(PASSWORD|SECRET|PEPPER|API_KEY|POSTGRES|OTLP_HEADERS|SECRET_ACCESS_KEY)$")

    assert marked == {each.variable for each in SETTINGS if telling.search(each.variable)}
