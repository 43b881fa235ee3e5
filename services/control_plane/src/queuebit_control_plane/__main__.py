"""python -m queuebit_control_plane"""

from queuebit_control_plane.main import main

raise SystemExit(main())
