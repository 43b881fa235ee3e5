"""What an operator may set: environment variables that begin with QUEUEBIT_SOLVER_."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "QUEUEBIT_SOLVER_"


class SolverSettings(BaseSettings):
    """The bounds of the classical solver.

    `workers_max`: searches at one time, one process and one thread each. `process_memory_max_mb`: where a process is killed.
    `warm_processes`: how many wait with OR-Tools loaded, about 100 MB each. `grace_s`: how long past its budget a process may
    take to read the problem and to hand over its answer.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, env_ignore_empty=True)

    workers_max: Annotated[int, Field(ge=1, le=256)] = 2
    process_memory_max_mb: Annotated[int, Field(ge=256)] = 2048
    warm_processes: Annotated[int, Field(ge=0, le=256)] = 1
    grace_s: Annotated[float, Field(gt=0)] = 10.0
    in_flight_max: Annotated[int, Field(ge=1)] = 2000
    """Where reading pauses: work orders that are not done."""
