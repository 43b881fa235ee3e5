"""Every statement that a page shows is typed by a test, or stands in the table with the reason why nobody does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pages import NOT_RUN, ROOT, RUN_BY, pages, statements, typed_by

PAGES = pages()


def test_the_table_knows_every_page_and_no_other() -> None:
    assert set(PAGES) == {*RUN_BY, *NOT_RUN}
    assert len(PAGES) > 30


@pytest.mark.parametrize("page", sorted(PAGES))
def test_every_statement_is_typed_by_a_test_or_says_why_not(page: str) -> None:
    run = [begins for each in RUN_BY.get(page, {}).values() for begins in each]
    not_run = list(NOT_RUN.get(page, {}))
    shown = list(statements(PAGES[page]))

    assert [each for each in shown if not each.startswith((*run, *not_run))] == []
    assert [begins for begins in (*run, *not_run) if not any(each.startswith(begins) for each in shown)] == []


@pytest.mark.parametrize(("page", "test"), [(page, test) for page, tests in RUN_BY.items() for test in tests])
def test_the_test_that_types_it_reads_the_page(page: str, test: str) -> None:
    text = (ROOT / "tests" / test).read_text()

    assert typed_by(test, page)
    assert Path(page).name in text or ("runbooks" in page and 'glob("*.md")' in text), f"{test} does not name {page}"


def test_a_reason_names_tests_that_are_there() -> None:
    reasons = [reason for each in NOT_RUN.values() for reason in each.values()]
    named = {word.strip(",;:") for reason in reasons for word in reason.split() if word.startswith("tests/")}

    assert len(named) > 1
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_a_statement_goes_on_over_its_lines() -> None:
    text = (
        "# P\n```console\n$ a <<END\nx\nEND\n$ b\n```\n```sh\ncurl \\\n -d 1\nfor x in 1; do\n  y\ndone\nz\n```\n"
        "```python\nimport x\n\nx()\n```\n```json\n{}\n```\n    queuebit up\n    {json}\n"
    )

    assert list(statements(text)) == [
        *("a <<END\nx\nEND", "b", "curl \\\n -d 1", "for x in 1; do\n  y\ndone", "z", "import x\n\nx()\n"),
        "queuebit up",
    ]
