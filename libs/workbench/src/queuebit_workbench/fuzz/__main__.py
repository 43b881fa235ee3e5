"""`python -m queuebit_workbench.fuzz`."""

from __future__ import annotations

import sys

from queuebit_workbench.fuzz.run import main

sys.exit(main())
