"""Every projection of this release, a line each."""

from __future__ import annotations

from typing import Final

from queuebit_domain.projections.backend_runs import BACKEND_RUNS
from queuebit_domain.projections.backlog import BACKLOG
from queuebit_domain.projections.job_list import JOB_LIST
from queuebit_domain.projections.projection import Projection
from queuebit_domain.projections.usage import USAGE

PROJECTIONS: Final[tuple[Projection, ...]] = (
    JOB_LIST,
    USAGE,
    BACKLOG,
    BACKEND_RUNS,
)
