"""The flags of verbs that change something: who does it, and why."""

from __future__ import annotations

import getpass
import os
import socket
from typing import Annotated

import typer

Reason = Annotated[
    str, typer.Option("--reason", help="Why. It is recorded, and shown to whoever waits.", metavar="TEXT")
]
Actor = Annotated[
    str | None,
    typer.Option(
        "--actor", envvar="QUEUEBIT_ACTOR", help="Who does it; absent, the user of this machine.", metavar="NAME"
    ),
]
Rate = Annotated[
    float | None, typer.Option("--rate", min=0.001, help="At most so many a second, the oldest first.", metavar="PER_S")
]


def actor_or_user(actor: str | None) -> str:
    """Who does it. In a container the user may have a number and no name."""
    return (actor or f"{_user()}@{socket.gethostname()}")[:255]


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"
