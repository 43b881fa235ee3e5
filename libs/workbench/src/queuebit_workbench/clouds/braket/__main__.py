"""`python -m queuebit_workbench.clouds.braket [PORT]`: the cloud until it is ended; prints what clients need."""

from __future__ import annotations

import json
import sys
import threading

from queuebit_workbench.clouds.braket.execution import MACHINE, SIMULATOR
from queuebit_workbench.clouds.braket.server import started

if __name__ == "__main__":
    server = started(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    sys.stdout.write(json.dumps({**server.env(), "QUEUEBIT_BRAKET_DEVICES": f"{MACHINE},{SIMULATOR}"}) + "\n")
    sys.stdout.flush()
    threading.Event().wait()
