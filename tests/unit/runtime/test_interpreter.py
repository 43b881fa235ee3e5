"""How long a thread has had something to compute: what it computed, and what it waited for a processor."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from queuebit_runtime.service.interpreter import demanded_s


def test_what_a_thread_waited_for_a_processor_counts_as_what_it_computed(tmp_path: Path) -> None:
    told = tmp_path / "schedstat"
    told.write_text("2000000000 1500000000 7\n")

    assert demanded_s(told) == 3.5


@pytest.mark.parametrize("text", [None, "0 0 0\n", "nothing of the kind\n", ""])
def test_where_the_system_does_not_tell_it_is_what_the_process_computed(tmp_path: Path, text: str | None) -> None:
    """Given no such file, one of a kernel that keeps no account, or another one."""
    told = tmp_path / "schedstat"
    if text is not None:
        told.write_text(text)

    before_s = time.process_time()
    found_s = demanded_s(told)

    assert before_s <= found_s <= time.process_time()


def test_it_grows_as_the_thread_computes() -> None:
    """Given a thread that computes until the process has for a twentieth of a second."""
    before_s, begun_s = demanded_s(), time.thread_time()
    while time.thread_time() < begun_s + 0.05:
        pass

    assert demanded_s() - before_s >= 0.04
