"""Every link of every document leads somewhere: to a file that is there, and to a heading where it names one."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "tests/simulation/README.md",
    *sorted((ROOT / "infra" / "docs").rglob("*.md")),
]
DOCS = ROOT / "infra" / "docs"
FOLDERS = {"tutorials", "how-to", "reference", "explanation", "runbooks", "decisions"}
AT_THE_TOP = {"README.md", "architecture.md"}
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s#]*)(?:#([^)\s]*))?\)")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def prose(path: Path) -> str:
    """The text without what stands in fences."""
    return _FENCED.sub("", path.read_text())


def anchors(path: Path) -> set[str]:
    """How links name the headings of a document."""
    return {re.sub(r"[^\w\- ]", "", each.lower()).strip().replace(" ", "-") for each in _HEADING.findall(prose(path))}


def dead_links(path: Path) -> list[str]:
    """What the document links to and is not there."""
    dead = []
    for target, anchor in _LINK.findall(prose(path)):
        if "://" in target:
            continue
        found = Path(os.path.normpath(path.parent / target)) if target else path
        if not found.exists() or (anchor and anchor not in anchors(found)):
            dead.append(f"{target}#{anchor}" if anchor else target)
    return dead


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_link_is_dead(document: Path) -> None:
    assert dead_links(document) == []


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A page\n[a](page.md) [b](gone.md) [c](#a-page) [d](page.md#gone) [e](https://example.com/x)\n")

    assert dead_links(page) == ["gone.md", "page.md#gone"]


def test_every_page_lies_in_the_folder_of_its_purpose_and_is_listed() -> None:
    """Given the pages, then each lies in a folder that says what it is for, and the index links to each that is no decision."""
    pages = {path.relative_to(DOCS) for path in DOCS.rglob("*.md")}
    index = (DOCS / "README.md").read_text()

    assert {str(path) for path in pages if len(path.parts) == 1} == AT_THE_TOP, "move the page into a folder"
    assert {path.parts[0] for path in pages if len(path.parts) > 1} <= FOLDERS
    listed = {path for path in pages if path.parts[0] not in ("decisions", "runbooks") and path.name != "README.md"}
    assert [str(path) for path in sorted(listed) if f"({path})" not in index] == [], "add it to infra/docs/README.md"
