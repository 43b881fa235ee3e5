"""`python -m queuebit_workbench.faults.own_clock FILE MODULE`: a service whose clock is off by what the file says.

The service runs as it is: only the wall clock of its clock port is replaced in its class. Whoever asks the machine itself, as
Kafka's client does for the time of a record, sees the machine's time; so does the monotonic clock, which never jumps.
"""

from __future__ import annotations

import runpy
import sys
from datetime import datetime, timedelta
from pathlib import Path

from queuebit_runtime.clock import SystemClock


def shift(clock: type[SystemClock], file: Path) -> None:
    """From now on all clocks of the class are off by as many seconds as the file says whenever it is asked."""
    right = clock.now

    def now(self: SystemClock) -> datetime:
        return right(self) + timedelta(seconds=_ahead_s(file))

    clock.now = now  # type: ignore[method-assign]


def _ahead_s(file: Path) -> float:
    try:
        return float(file.read_text())
    except FileNotFoundError:
        return 0.0


def main(file: str, module: str) -> None:
    """Run the module as a program."""
    shift(SystemClock, Path(file))
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
