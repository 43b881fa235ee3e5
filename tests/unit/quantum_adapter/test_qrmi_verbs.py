"""The verbs of QRMI keep to their turns: nothing that is said beside an answer is taken for one."""

from __future__ import annotations

from pathlib import Path

import pytest

from queuebit_quantum_adapter.providers.qrmi import asking
from queuebit_quantum_adapter.providers.qrmi.asking import Silent, Verbs

CHATTY = """
import os

print("a library says hello", flush=True)

class ResourceType:
    IBMQuantumComputeService = 1

class QuantumResource:
    def __init__(self, name, kind):
        os.write(1, b"its native half too\\n")

    def acquire(self):
        print("opened", flush=True)
        return "batch-1"
"""
OTHERWISE = """
import sys

for line in sys.stdin:
    print("a word before the answer", flush=True)
    print('{"gave": "of the verb before"}', flush=True)
"""
DEADLINE_S = 30.0


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where modules of processes are looked for first."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


def test_what_a_library_prints_is_no_answer(folder: Path) -> None:
    (folder / "qrmi.py").write_text(CHATTY)
    verbs = Verbs("one", DEADLINE_S)
    try:
        assert [verbs.ask("acquire"), verbs.ask("acquire")] == ["batch-1", "batch-1"]
    finally:
        verbs.close()


def test_after_an_answer_that_is_not_understood_none_is_taken_for_that_of_another_verb(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "speaks_otherwise.py").write_text(OTHERWISE)
    monkeypatch.setattr(asking, "VERBS", "speaks_otherwise")
    verbs = Verbs("one", DEADLINE_S)
    try:
        for verb in ("task_start", "task_status"):
            with pytest.raises(Silent, match=f"{verb}: an answer in other words"):
                verbs.ask(verb)
    finally:
        verbs.close()
