"""What only its owner may read, and what of an address may be shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from queuebit_devstack.locks import file_lock
from queuebit_devstack.private import masked, private_folder, private_opener, write_private


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://queuebit:pw@127.0.0.1:5432/q", "postgresql://queuebit:***@127.0.0.1:5432/q"),
        ("postgresql://queuebit:p@w:x@h/q", "postgresql://queuebit:***@h/q"),
        ("postgresql://:pw@h/q", "postgresql://:***@h/q"),
        ("postgresql://queuebit@h/q", "postgresql://queuebit@h/q"),
        ("postgresql://h:5432/q", "postgresql://h:5432/q"),
        ("postgresql://h/q?user=u&password=pw&sslmode=require", "postgresql://h/q?user=u&password=***&sslmode=require"),
        ("127.0.0.1:9092", "127.0.0.1:9092"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, shown: str) -> None:
    assert masked(url) == shown


def test_folders_and_files_are_their_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    """Given an open folder and no umask, then what is made or closed is readable by its owner only."""
    folder = tmp_path / "state"
    folder.mkdir()
    folder.chmod(0o755)
    before = os.umask(0)
    try:
        private_folder(folder)
        with open(folder / "log", "ab", opener=private_opener):
            pass
        with file_lock(folder / "locks" / "lock", 1.0):
            pass
        write_private(folder / "secret", "x")
    finally:
        os.umask(before)

    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (folder, *folder.rglob("*"))}
    assert modes == {"state": "0o700", "log": "0o600", "locks": "0o700", "lock": "0o600", "secret": "0o600"}
