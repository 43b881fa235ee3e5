"""`python -m queuebit_quantum_adapter`."""

import sys

from queuebit_quantum_adapter.main import main

sys.exit(main())
