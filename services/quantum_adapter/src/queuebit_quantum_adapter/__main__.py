"""`python -m queuebit_quantum_adapter`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from pydantic_settings import BaseSettings

from queuebit_runtime.service.usage import Usage, run_command

ABOUT = """
Answers work orders of the quantum and simulator lanes: encodes, transpiles, runs, and reports what was measured. The only
service that knows a quantum SDK. Start as many as there is work.
"""


def _models() -> Sequence[type[BaseSettings]]:
    from queuebit_quantum_adapter.shell.settings import AdapterSettings

    return (AdapterSettings,)


def _serve() -> int:
    from queuebit_quantum_adapter.main import main

    return main()


if __name__ == "__main__":
    sys.exit(run_command(sys.argv[1:], Usage("queuebit_quantum_adapter", ABOUT, _models), _serve))
