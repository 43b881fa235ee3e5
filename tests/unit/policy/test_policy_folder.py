"""A folder of policies against what is published: what would be done, and what is no folder of policies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from queuebit_domain.policy.register import NO_POLICIES, plain
from queuebit_operations.errors import BadArgument
from queuebit_operations.policies.folder import Folder, Plan, Step, faults, forbids, plan, read_folder
from tests.unit.policy.policies import ONE, a_document, published, row

OTHER = a_document(row("two", tier="scheduled"), policy="other")
CHANGED = a_document(row("one", tier="scheduled"))


def test_what_is_new_is_published_and_the_named_one_decides() -> None:
    folder = Folder({"a.yaml": ONE, "b.yaml": OTHER}, "frugal")

    assert plan(folder, NO_POLICIES) == Plan(
        (Step("a.yaml", "frugal/1", new=True), Step("b.yaml", "other/1", new=True)), NO_POLICIES.active, "frugal/1"
    )


def test_what_is_published_already_is_left_alone_and_what_changed_is_the_next_version() -> None:
    known = published(ONE, OTHER)

    assert plan(Folder({"a.yaml": ONE}, None), known) == Plan(
        (Step("a.yaml", "frugal/1", new=False),), known.active, None
    )
    assert not plan(Folder({"a.yaml": ONE}, None), known).changes
    assert plan(Folder({"a.yaml": CHANGED}, None), known).steps == (Step("a.yaml", "frugal/2", new=True),)


def test_a_version_may_be_named_and_the_active_one_is_not_activated_again() -> None:
    known = published(ONE)

    assert plan(Folder({"a.yaml": ONE}, "frugal/1"), known).activates == "frugal/1"
    assert plan(Folder({"a.yaml": ONE}, known.active), known).activates is None


def test_a_folder_is_read_with_its_active_policy(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(plain(ONE)))
    (tmp_path / "notes.txt").write_text("not a policy")
    (tmp_path / "ACTIVE").write_text("frugal\n")

    assert read_folder(tmp_path) == Folder({"a.json": ONE}, "frugal")


def test_an_error_forbids_it_and_a_warning_only_where_warnings_count() -> None:
    """Given a plan that no row uses, then that is a warning."""
    found = faults(Folder({"a.json": ONE}, None))

    assert {file: [each.code for each in findings] for file, findings in found.items()} == {"a.json": ["unused_plan"]}
    assert (forbids(found, strict=False), forbids(found, strict=True), forbids({}, strict=True)) == (False, True, False)


def test_what_is_no_folder_of_policies_is_refused_with_the_file_and_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(BadArgument, match="holds no policy"):
        read_folder(tmp_path / "nothing")
    (tmp_path / "a.json").write_text(json.dumps(plain(ONE)))
    (tmp_path / "b.json").write_text(json.dumps(plain(CHANGED)))
    with pytest.raises(BadArgument, match=r"Two files .* frugal"):
        read_folder(tmp_path)
    (tmp_path / "b.json").unlink()
    (tmp_path / "ACTIVE").write_text("frugul")
    with pytest.raises(BadArgument, match="names frugul"):
        read_folder(tmp_path)
