"""Policies as code: a folder of documents against what is published, and what would have to be done. Pure but for reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from queuebit_contracts.policy import PolicyDocument
from queuebit_domain.policy.lint import Finding, lint
from queuebit_domain.policy.register import Policies, digest_of
from queuebit_operations.errors import BadArgument
from queuebit_operations.policies.files import read_document

ACTIVE = "ACTIVE"
"""The file that names the policy that is to decide: `frugal`, its newest version, or `routing/2`, that one."""
ENDINGS = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class Folder:
    """Its documents by the names of their files, and who is to decide; None where that is not for the folder to say."""

    documents: Mapping[str, PolicyDocument]
    active: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of one file: the version that it is or becomes, and whether that is new."""

    file: str
    version: str
    new: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done. `activates`: the version that would be let decide, None where nothing would change."""

    steps: tuple[Step, ...]
    active: str
    activates: str | None

    @property
    def changes(self) -> bool:
        return self.activates is not None or any(each.new for each in self.steps)


def read_folder(folder: Path) -> Folder:
    """The documents of a folder. Raises BadArgument where one is no policy, two have one name, or there is none."""
    files = sorted(path for path in folder.glob("*") if path.suffix in ENDINGS) if folder.is_dir() else []
    if not files:
        raise BadArgument(f"{folder} holds no policy.", remedy="A policy is a file that ends with .yaml or .json.")
    documents = {path.name: read_document(path) for path in files}
    names = [each.policy for each in documents.values()]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadArgument(f"Two files of {folder} state the policy {twice[0]}.", remedy="Keep one of them.")
    told = folder / ACTIVE
    active = told.read_text().strip() if told.exists() else None
    if active is not None and "/" not in active and active not in names:
        raise BadArgument(
            f"{told} names {active or 'nothing'}, which is no policy of the folder.",
            remedy="Name one of the folder, or a version such as routing/2.",
        )
    return Folder(documents, active)


def faults(folder: Folder) -> dict[str, list[Finding]]:
    """The errors and warnings of each document, by its file; files that are fine are not there."""
    found = {
        file: [each for each in lint(document) if each.level != "note"] for file, document in folder.documents.items()
    }
    return {file: each for file, each in found.items() if each}


def forbids(found: dict[str, list[Finding]], *, strict: bool) -> bool:
    """Whether one of them keeps the folder from being applied: an error, or with `strict` a warning."""
    return any(each.level == "error" or strict for findings in found.values() for each in findings)


def plan(folder: Folder, known: Policies) -> Plan:
    """What would be done with the folder where that is published."""
    steps = tuple(_step(file, document, known) for file, document in folder.documents.items())
    wanted = folder.active
    if wanted is not None and "/" not in wanted:
        versions = {
            document.policy: step.version for document, step in zip(folder.documents.values(), steps, strict=True)
        }
        wanted = versions[wanted]
    return Plan(steps, known.active, wanted if wanted not in (None, known.active) else None)


def _step(file: str, document: PolicyDocument, known: Policies) -> Step:
    newest = known.newest(document.policy)
    if newest is not None and newest.digest == digest_of(document):
        return Step(file, newest.version, new=False)
    number = 1 if newest is None else int(newest.version.rpartition("/")[2]) + 1
    return Step(file, f"{document.policy}/{number}", new=True)
