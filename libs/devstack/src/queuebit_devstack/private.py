"""Files that only their owner may read, and addresses that may be shown."""

from __future__ import annotations

import os
import re
from pathlib import Path

OPERATOR_FILE = "operator.json"
"""How operators on this machine reach the servers of the stack; gone when those are."""
_LOGIN = re.compile(r"(?<=://)([^/@]*?):[^/]*(?=@)|(?<=[?&]password=)[^&]*")


def private_folder(path: Path) -> None:
    """Make the folder, or close one that is there, to all but its owner."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)


def private_opener(path: str, flags: int) -> int:
    """For `open`: a file that is made is its owner's alone."""
    return os.open(path, flags, 0o600)


def masked(url: str) -> str:
    """The URL as it may be shown: without the password in it."""
    return _LOGIN.sub(lambda found: "***" if found.group(1) is None else f"{found.group(1)}:***", url)


def write_private(path: Path, text: str) -> None:
    """Replace the file as a whole; a folder that is made for it is private too."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    fresh.replace(path)
