"""What was shipped is never edited, and what is said now goes together with all of it, both ways."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from queuebit_workbench.compatibility import faults
from queuebit_workbench.schemas import documents
from queuebit_workbench.shipped import CHECKSUMS, complaints, messages, record, shipped, unrecorded

SCHEMAS = Path(__file__).parents[2] / "schemas"
SHIPPED = SCHEMAS / "shipped"
Edit = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def now() -> dict[str, Any]:
    return messages(documents(SCHEMAS / "examples"))


@pytest.mark.parametrize("folder", [SHIPPED, SCHEMAS / "examples"], ids=lambda folder: folder.name)
def test_nothing_that_was_shipped_was_edited_or_removed(folder: Path) -> None:
    rows = (line.split("  ") for line in (folder / CHECKSUMS).read_text().splitlines())
    listed = {name: checksum for checksum, name in rows}

    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.json")} == listed


def test_what_is_said_now_goes_together_with_all_that_was_shipped(now: dict[str, Any]) -> None:
    assert complaints(now, shipped(SHIPPED)) == [], (
        "make it a new version of the message, with an upcast and an example"
    )


def test_what_is_said_now_is_kept(now: dict[str, Any]) -> None:
    assert unrecorded(now, shipped(SHIPPED)) == [], "run `make schemas` and commit what it wrote"


def _without(*place: str) -> Edit:
    def edit(schema: dict[str, Any]) -> None:
        *way, last = place
        at = schema
        for name in way:
            at = at[name]
        at["required"] = [each for each in at.get("required", []) if each != last]
        at["properties"].pop(last)

    return edit


def _field(name: str, schema: dict[str, Any], *, required: bool = False) -> Edit:
    def edit(whole: dict[str, Any]) -> None:
        whole["properties"][name] = schema
        if required:
            whole["required"] = [*whole["required"], name]

    return edit


def _optional(name: str) -> Edit:
    def edit(whole: dict[str, Any]) -> None:
        whole["required"] = [each for each in whole["required"] if each != name]

    return edit


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (_field("added", {"type": "string"}, required=True), "not read now: /added is required, and may be missing"),
        (_field("leg", {"type": "integer"}), "not read now: /leg may be string, not integer"),
        (_field("number", {"type": "number"}), "not read before: /number may be number, not integer"),
        (_field("leg", {"type": "string", "maxLength": 8}), "not read now: /leg has maxLength 8, and none is written"),
        (
            _field("leg", {"type": "string", "pattern": "^a"}),
            "not read now: /leg has pattern '^a', and None is written",
        ),
        (
            _field("tier", {"enum": ["interactive", "batch"], "type": "string"}),
            "not read now: /tier may be 'scheduled'",
        ),
        (
            _field("tier", {"enum": ["interactive", "batch", "scheduled", "night"], "type": "string"}),
            "not read before: /tier may be 'night'",
        ),
        (_without("leg"), "not read before: /leg is required, and may be missing"),
        (_optional("leg"), "not read before: /leg is required, and may be missing"),
        (_without("$defs", "ProblemSize", "terms"), "not read before: /size/terms is required, and may be missing"),
    ],
    ids=["required", "type", "wider", "length", "pattern", "value gone", "new value", "gone", "optional", "deep"],
)
def test_a_change_that_one_side_would_not_survive_is_named(now: dict[str, Any], edit: Edit, why: str) -> None:
    changed = copy.deepcopy(now["JobQueued.v1"])
    edit(changed)

    assert any(why in each for each in faults(now["JobQueued.v1"], changed)), faults(now["JobQueued.v1"], changed)


@pytest.mark.parametrize(
    "edit",
    [
        _field("added", {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}),
        lambda schema: schema.update(description="Other words."),
        lambda schema: None,
    ],
    ids=["an optional field", "words", "nothing"],
)
def test_a_change_that_both_sides_survive_is_let_through(now: dict[str, Any], edit: Edit) -> None:
    changed = copy.deepcopy(now["JobQueued.v1"])
    edit(changed)

    assert faults(now["JobQueued.v1"], changed) == []


def test_a_strict_reader_takes_no_field_that_it_does_not_know(now: dict[str, Any]) -> None:
    changed = copy.deepcopy(now["JobRequest.v1"])
    changed["properties"]["added"] = {"type": "string"}

    assert faults(now["JobRequest.v1"], changed) == ["what is written now was not read before: /added is forbidden"]


def test_every_earlier_form_counts_and_each_is_kept_once(now: dict[str, Any], tmp_path: Path) -> None:
    first = {"Moved.v1": {"type": "object", "properties": {"place": {"type": "string"}}}}
    second = {"Moved.v1": {"type": "object", "properties": {"place": {"type": "string"}, "at": {"type": "integer"}}}}
    third = {"Moved.v1": {"type": "object", "properties": {"place": {"type": "integer"}, "at": {"type": "string"}}}}
    for form in (first, first, second, second):
        record(tmp_path, form)

    assert sorted(path.name for path in tmp_path.glob("*.json")) == ["Moved.v1.1.json", "Moved.v1.2.json"]
    assert len((tmp_path / CHECKSUMS).read_text().splitlines()) == 2
    assert {each[-8:] for each in complaints(third, shipped(tmp_path))} == {"(form 1)", "(form 2)"}
    assert complaints({}, shipped(tmp_path)) == ["Moved.v1: was shipped, and is not known any more"]


def test_a_removed_form_is_missed(tmp_path: Path) -> None:
    record(tmp_path, {"Moved.v1": {"type": "object"}})
    (tmp_path / "Moved.v1.1.json").unlink()

    assert (tmp_path / CHECKSUMS).read_text().split("  ")[1] == "Moved.v1.1.json\n"
    assert shipped(tmp_path) == {}
