"""`python -m queuebit_classical_solver`."""

from __future__ import annotations

import sys

from queuebit_classical_solver.main import main

if __name__ == "__main__":
    sys.exit(main())
