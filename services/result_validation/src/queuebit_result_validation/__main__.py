"""`python -m queuebit_result_validation`."""

from __future__ import annotations

import sys

from queuebit_result_validation.main import main

if __name__ == "__main__":
    sys.exit(main())
