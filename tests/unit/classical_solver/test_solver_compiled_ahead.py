"""Machine code is there before the first job, and processes that compile at once do not mix up what they keep."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from queuebit_classical_solver.searches.compiled import ahead, compiler, vertex_cover


def test_what_is_kept_on_disk_is_seen_without_numba(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setattr(ahead, "__file__", str(tmp_path / "ahead.py"))
    assert not ahead.is_kept()

    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "vertex_cover.advance-1.py311.nbi").touch()

    assert ahead.is_kept()


def test_everything_is_compiled_ahead() -> None:
    ahead.compile_all()

    forms: Any = vertex_cover.advance
    assert len(forms.signatures) >= 1


def test_each_function_saves_in_turn() -> None:
    """The names of numba's own that this rests on are there."""
    made: Any = vertex_cover.advance

    assert made._cache._cache_file.save.__qualname__ == "_save_in_turn.<locals>.in_turn"


def test_two_that_save_forms_of_one_function_wait_for_each_other(tmp_path: Path) -> None:
    inside: list[int] = []
    most: list[int] = []

    def save(key: int, data: bytes) -> None:
        del data
        inside.append(key)
        most.append(len(inside))
        inside.remove(key)

    def a_function() -> Any:
        return SimpleNamespace(
            _cache=SimpleNamespace(_cache_file=SimpleNamespace(save=save, _index_path=str(tmp_path / "f.nbi")))
        )

    made, start = [a_function(), a_function()], threading.Barrier(2)
    for each in made:
        compiler._save_in_turn(each)

    def many(number: int) -> None:
        start.wait()
        for _ in range(200):
            made[number]._cache._cache_file.save(number, b"")

    threads = [threading.Thread(target=many, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == [1] * 400
