"""Every parameter that a document shows is one that somebody reads, and its value is one that is taken."""

from __future__ import annotations

import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest

from queuebit_client.cli.files import params_of
from queuebit_client.cli.options import Submission
from queuebit_contracts.candidates import CANDIDATE_PARAM
from queuebit_contracts.jobs import ARTIFACTS_PARAM, BACKEND_PARAM, FALLBACK_PARAM, TARGET_PARAM
from queuebit_contracts.regions import REGIONS_PARAM, regions_of
from queuebit_domain.job.routing import REFINE_PARAM
from queuebit_problems.registry import usable_kinds
from queuebit_quantum_adapter.backends.snapshots import snapshot_of
from queuebit_quantum_adapter.backends.spec import EXACT
from queuebit_quantum_adapter.shell.mitigation import EXTRAPOLATORS, FACTORS, METHODS, NEEDS, SEQUENCE, mitigation_of
from queuebit_quantum_adapter.shell.task import Recipe
from queuebit_quantum_adapter.shell.transpilation import LAYOUT, LEVEL, transpilation_of

ROOT = Path(__file__).parents[3]

_SHOWN = re.compile(r"--param (?:'[^']+'|[\w.]+=[^\s`|)]+)")


def shown() -> list[tuple[str, tuple[str, ...]]]:
    """The parameters of each line of the documents that shows some with their values."""
    found = []
    for path in [ROOT / "README.md", *sorted((ROOT / "infra/docs").rglob("*.md"))]:
        if "reference" in path.parts:
            continue
        for line in path.read_text().splitlines():
            params = tuple(shlex.split(each)[1].rstrip(",.;") for each in _SHOWN.findall(line))
            taken = tuple(each for each in params if "…" not in each and each != "name=value")
            if taken:
                found.append((path.name, taken))
    return found


def known() -> set[str]:
    """The names that somebody reads."""
    ours = {each.name for each in fields(Recipe)} | {METHODS, SEQUENCE, FACTORS, EXTRAPOLATORS, LEVEL, LAYOUT}
    everywhere = {ARTIFACTS_PARAM, BACKEND_PARAM, CANDIDATE_PARAM, FALLBACK_PARAM, REGIONS_PARAM, TARGET_PARAM}
    return ours | everywhere | {REFINE_PARAM} | {name for kind in usable_kinds() for name in kind.params}


def test_the_documents_show_some() -> None:
    assert len(shown()) > 10


@pytest.mark.parametrize(("document", "params"), shown())
def test_what_a_document_shows_is_read_and_taken(document: str, params: tuple[str, ...]) -> None:
    told = params_of(Submission(file="-", params=list(params)))

    assert set(told) <= known(), document
    needed = ",".join(sorted({NEEDS[name] for name in told if name in NEEDS}))
    Recipe.of(told)
    mitigation_of({METHODS: needed, **told} if needed else told)
    transpilation_of(told)
    assert regions_of(told) != ()
    target = told.get(TARGET_PARAM, EXACT)
    assert target == EXACT or snapshot_of(str(target)).qubits > 0
    assert all(isinstance(told.get(name, True), bool) for name in (ARTIFACTS_PARAM, FALLBACK_PARAM, REFINE_PARAM))
