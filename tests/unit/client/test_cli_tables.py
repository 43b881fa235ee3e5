"""Tables in terminals: no id is broken at any width, text is folded, and what is left out goes from the right and is told."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queuebit_client.cli.render import print_table
from queuebit_client.cli.tables import BESIDE, fitted

ID = "01890000-0000-7000-8000-000000000001"
LONG = "The provider answers that it is busy; the next attempt begins as soon as it says otherwise, by itself."
TABLES: dict[str, tuple[list[str], list[Any]]] = {
    "jobs": (["job", "state", "kind", "tier", "lane", "created"],
             [ID, "completed", "quadratic_assignment", "interactive", "classical", "2026-11-30 08:15:00Z"]),
    "approvals": (["job", "tenant", "role", "until", "then", "plan", "legs", "granted", "digest", "reason"],
                  [ID, "acme-research", "owners", "2026-11-30T08:15:00", "classical_only", "quantum_with_baseline",
                   "primary-quantum, baseline-classical", "0 of 2", "0123456789ab", LONG]),
    "operations": (["operation", "verb", "state", "done", "of", "by", "reason"],
                   [ID, "jobs invalidate", "running", 1200, 25000, "ada@example.org", LONG]),
    "batch": (["line", "job", "state", "why"], [12, ID, "submitted", LONG]),
    "forks": (["job", "of", "state"], [ID, ID[::-1], "queued"]),
}  # fmt: skip


def printed(
    name: str, width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[str, str]:
    monkeypatch.setenv("COLUMNS", str(width))
    columns, row = TABLES[name]
    print_table("", columns, [row, row])
    found = capsys.readouterr()
    return found.out, found.err


@pytest.mark.parametrize("name", sorted(TABLES))
@pytest.mark.parametrize("width", [200, 100, 60, 42])
def test_no_id_is_broken_and_no_line_is_wider_than_the_terminal(
    name: str, width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, err = printed(name, width, monkeypatch, capsys)

    columns, row = TABLES[name]
    left_out = err.removeprefix("Too narrow for: ").partition(".")[0].split(", ") if err else []
    for column, value in zip(columns, row, strict=True):
        if value in (ID, ID[::-1]) and column not in left_out:
            assert out.count(str(value)) == 2, out
    assert max(map(len, out.splitlines())) <= width


def test_at_100_columns_every_table_shows_its_ids(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in TABLES:
        out, _ = printed(name, 100, monkeypatch, capsys)
        assert out.count(ID) == 2, name


def test_columns_go_from_the_right_and_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wide, said = printed("jobs", 140, monkeypatch, capsys)
    narrow, told = printed("jobs", 80, monkeypatch, capsys)

    assert said == ""
    assert re.search(r"interactive.*classical.*2026-11-30 08:15:00Z", wide)
    assert told == "Too narrow for: tier, lane, created. Widen the terminal, or take --json.\n"
    assert "quadratic_assignment" in narrow


cells = st.one_of(
    st.uuids().map(str), st.sampled_from(["", "completed", LONG, "x" * 90, "a b"]), st.integers().map(str)
)


@given(
    st.integers(1, 9).flatmap(lambda n: st.lists(st.lists(cells, min_size=n, max_size=n), min_size=1, max_size=4)),
    st.integers(45, 220),
)
def test_whatever_the_table_what_is_shown_fits_and_keeps_its_words(rows: list[list[str]], width: int) -> None:
    names = [f"c{nth}" for nth in range(len(rows[0]))]

    fit = fitted(names, rows, width)

    assert len(fit.widths) + len(fit.left_out) == len(names)
    assert fit.left_out == tuple(names[len(fit.widths) :])
    assert sum(fit.widths) + BESIDE * len(fit.widths) + 1 <= width
    for place, wide in enumerate(fit.widths):
        assert all(len(row[place]) <= wide for row in rows if _is_id(row[place]))
        assert wide <= max(len(cell) for cell in [names[place], *(row[place] for row in rows)])


def _is_id(text: str) -> bool:
    try:
        return bool(UUID(text)) or True
    except ValueError:
        return False
