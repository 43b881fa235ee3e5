"""`python -m queuebit_control_plane`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from pydantic_settings import BaseSettings

from queuebit_runtime.service.usage import Usage, run_command

ABOUT = """
Owns the jobs: takes questions in, plans them, releases work, decides what counts and when a job ends, keeps every event in
PostgreSQL and publishes it. Several may run: one leads, the others take over when it falls silent.
"""


def _models() -> Sequence[type[BaseSettings]]:
    from queuebit_control_plane.settings import ControlPlaneSettings

    return (ControlPlaneSettings,)


def _serve() -> int:
    from queuebit_control_plane.main import main

    return main()


if __name__ == "__main__":
    sys.exit(
        run_command(
            sys.argv[1:],
            Usage("queuebit_control_plane", ABOUT, _models, needs=("QUEUEBIT_KAFKA", "QUEUEBIT_POSTGRES")),
            _serve,
        )
    )
