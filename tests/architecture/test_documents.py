"""Every path that the map, the contribution guide and the recipes name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    "CONTRIBUTING.md",
    "infra/docs/architecture.md",
    "infra/docs/how-to/add-a-problem-kind.md",
    "tests/simulation/README.md",
]
TOP = ("libs/", "services/", "tests/", "infra/", "schemas/")
_PATH = re.compile(r"`([\w.*<>-]+(?:/[\w.*<>-]+)*/?)`")
_ENDINGS = (".py", ".sql", ".md", ".json", ".toml")


def _named(document: str) -> list[str]:
    """What stands in backquotes and is the path of a file or a folder."""
    found = _PATH.findall((ROOT / document).read_text())
    return [each for each in found if each.startswith(TOP) or ("/" in each and each.endswith((*_ENDINGS, "/")))]


def _is_there(named: str, folder: Path) -> bool:
    """From the top, or from beside the document, or as the end of one path in the sources."""
    pattern = re.sub(r"<\w+>", "*", named).rstrip("/")
    if named.startswith(TOP):
        return any(ROOT.glob(pattern))
    return any(folder.glob(pattern)) or any(found for part in TOP for found in (ROOT / part).glob(f"**/{pattern}"))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_that_a_document_names_is_there(document: str) -> None:
    named = _named(document)

    assert named or not document.startswith("infra"), "the reader finds the paths"
    assert [each for each in named if not _is_there(each, (ROOT / document).parent)] == []


def test_the_map_shows_every_room() -> None:
    """Each distribution, and each folder of modules that lies directly in one, is named in the map or drawn in its picture."""
    text = (ROOT / "infra/docs/architecture.md").read_text()
    packages = [*ROOT.glob("libs/*/src/queuebit_*/"), *ROOT.glob("services/*/src/queuebit_*/")]
    rooms = [each for package in packages for each in package.iterdir() if (each / "__init__.py").exists()]

    assert len(packages) > 10, "the walk found the sources"
    assert [each.name for each in packages if each.name.removeprefix("queuebit_") not in text] == []
    assert [str(each.relative_to(ROOT)) for each in rooms if not re.search(rf"\b{each.name}\b", text)] == []
