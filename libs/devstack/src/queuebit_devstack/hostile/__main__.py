"""`python -m queuebit_devstack.hostile`."""

from __future__ import annotations

import sys

from queuebit_devstack.hostile.run import main

sys.exit(main())
