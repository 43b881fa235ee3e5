"""`python -m queuebit_devstack.sweep`."""

from __future__ import annotations

import sys

from queuebit_devstack.sweep.run import main

sys.exit(main())
