"""`python -m queuebit_workbench.clouds.ibm [DEVICE] [PORT]`: the cloud until it is ended; prints what a client needs."""

from __future__ import annotations

import json
import sys
import threading

from queuebit_workbench.clouds.ibm.server import started

if __name__ == "__main__":
    device = sys.argv[1] if len(sys.argv) > 1 else "fake_manila"
    server = started(device, int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    sys.stdout.write(json.dumps({**server.env(), **server.env_of_qrmi(device)}) + "\n")
    sys.stdout.flush()
    threading.Event().wait()
