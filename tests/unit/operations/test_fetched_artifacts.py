"""An artifact that is fetched is written as it is kept, whole, and for its owner alone; or it is said why not."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from queuebit_operations.errors import BadArgument
from queuebit_operations.verbs.jobs_artifacts import _write

DATA = b'{"counts":[]}'


def test_the_bytes_are_those_that_are_kept_whatever_the_file_is_called(tmp_path: Path) -> None:
    out = tmp_path / "counts.json.gz"

    _write(DATA, str(out))

    assert (out.read_bytes(), stat.S_IMODE(out.stat().st_mode)) == (DATA, 0o600)
    assert [each.name for each in tmp_path.iterdir()] == ["counts.json.gz"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadArgument, match="not-there/counts"):
        _write(DATA, str(tmp_path / "not-there" / "counts"))
