"""`python -m queuebit_workbench.clouds.leap [PORT]`: the cloud until it is ended; prints what a client needs."""

from __future__ import annotations

import json
import sys
import threading

from queuebit_workbench.clouds.leap.server import started

if __name__ == "__main__":
    server = started(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    sys.stdout.write(json.dumps(server.env()) + "\n")
    sys.stdout.flush()
    threading.Event().wait()
