"""`python -m queuebit_gateway`: serve; `python -m queuebit_gateway keys …`: API keys."""

from __future__ import annotations

import sys


def _main(argv: list[str]) -> int:
    if argv[:1] == ["keys"]:
        from queuebit_gateway.keys import main as keys

        return keys(argv[1:])
    if argv:
        sys.stderr.write("Usage: python -m queuebit_gateway [keys …]\n")
        return 2
    from queuebit_gateway.main import main as serve

    return serve()


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
