"""The guard of a stack that must not outlive its starter, whatever ends it: SIGKILL, a crash, a closed terminal.

It waits until its standard input closes, which the operating system does when the starter ends, then ends what is left
of the stack. Started as `python -m queuebit_devstack.guard DATA_DIR STACK_ID [--remove]`.
"""

from __future__ import annotations

import signal
import sys


def main(arguments: list[str]) -> int:
    """Wait for the end of the starter, then clean up."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    sys.stdin.buffer.read()
    from pathlib import Path  # Imported late: the guard is to be small while it waits.

    from queuebit_devstack.leftovers import end_stack

    end_stack(Path(arguments[0]), stack_id=arguments[1], remove="--remove" in arguments[2:])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
