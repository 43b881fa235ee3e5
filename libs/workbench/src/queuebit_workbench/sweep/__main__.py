"""`python -m queuebit_workbench.sweep`."""

from __future__ import annotations

import sys

from queuebit_workbench.sweep.run import main

sys.exit(main())
