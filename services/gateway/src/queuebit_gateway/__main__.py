"""`python -m queuebit_gateway`: serve; `python -m queuebit_gateway keys …`: API keys."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from pydantic_settings import BaseSettings

from queuebit_runtime.service.usage import Usage, run_command

MODULE = "queuebit_gateway"
ABOUT = """
The door over HTTP: it takes questions (202 and a job id), reports jobs, streams their events, and passes on cancellations.
It holds no business rule; the control plane decides. Its API describes itself at /openapi.json.
"""
MORE = "API keys: python -m queuebit_gateway keys create|list|rotate|revoke (each with --help)."


def _models() -> Sequence[type[BaseSettings]]:
    from queuebit_gateway.settings import GatewaySettings

    return (GatewaySettings,)


def _serve() -> int:
    from queuebit_gateway.main import main

    return main()


def _main(argv: list[str]) -> int:
    if argv[:1] == ["keys"]:
        from queuebit_gateway.access.keys import main as keys

        return keys(argv[1:])
    needs = ("QUEUEBIT_KAFKA", "QUEUEBIT_POSTGRES", "QUEUEBIT_PEPPER")
    return run_command(argv, Usage(MODULE, ABOUT, _models, needs, MORE), _serve)


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
