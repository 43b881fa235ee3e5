"""The published instances, where they are on this machine."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("QUEUEBIT_SHARED_DATA", Path(__file__).parents[4] / "shared" / "data"))


def beside(folder: Path) -> Callable[[str], str | None]:
    return lambda name: (folder / name).read_text() if (folder / name).exists() else None


needs_shared = pytest.mark.skipif(
    not SHARED.exists(), reason="the shared data folder is not there (QUEUEBIT_SHARED_DATA)"
)
