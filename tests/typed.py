"""`queuebit` in this process, as it is typed: a process each would take longer than what it does."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from typer.main import get_command

from queuebit_client.cli import main

build = main.build


@cache
def command() -> Any:
    """All commands, built once: that takes longer than most of them."""
    return get_command(build())


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
        patch.object(main, "build", command),
        chdir(folder or Path.cwd()),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        code = main.run(list(words))
    out.seek(0)
    return int(code), out.read(), err.getvalue()
