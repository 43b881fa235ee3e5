"""`queuebit` in this process, as it is typed: a process each would take longer than what it does."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

from queuebit_client.cli import main


def typed(
    words: Sequence[str], env: Mapping[str, str], *, stdin: str = "", folder: Path | None = None
) -> tuple[int, str, str]:
    """Run it with this environment and no other, in the folder; exit code, standard output, standard error. One at a time: all
    of these belong to the process.
    """
    given, out, err = (
        io.TextIOWrapper(io.BytesIO(stdin.encode())),
        io.TextIOWrapper(io.BytesIO(), "utf-8"),
        io.StringIO(),
    )
    with (
        patch.dict(os.environ, env, clear=True),
        patch("sys.stdin", given),
        chdir(folder or Path.cwd()),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        code = main.run(list(words))
    out.seek(0)
    return int(code), out.read(), err.getvalue()
