"""`python -m queuebit_classical_solver`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from pydantic_settings import BaseSettings

from queuebit_runtime.service.usage import Usage, run_command

ABOUT = """
Answers work orders of the classical lane with OR-Tools and exact methods, within the budget of each leg, in processes of
their own that are ended when the time is over. Start as many as there is work.
"""


def _models() -> Sequence[type[BaseSettings]]:
    from queuebit_classical_solver.shell.settings import SolverSettings

    return (SolverSettings,)


def _serve() -> int:
    from queuebit_classical_solver.main import main

    return main()


if __name__ == "__main__":
    sys.exit(run_command(sys.argv[1:], Usage("queuebit_classical_solver", ABOUT, _models), _serve))
