"""`python -m queuebit_result_validation`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from pydantic_settings import BaseSettings

from queuebit_runtime.service.usage import Usage, run_command

ABOUT = """
Checks every answer against the problem itself: feasibility and objective are computed again, never believed, and each verdict
has its reasons. Start as many as there is work.
"""


def _models() -> Sequence[type[BaseSettings]]:
    from queuebit_result_validation.settings import ValidationSettings

    return (ValidationSettings,)


def _serve() -> int:
    from queuebit_result_validation.main import main

    return main()


if __name__ == "__main__":
    sys.exit(run_command(sys.argv[1:], Usage("queuebit_result_validation", ABOUT, _models), _serve))
