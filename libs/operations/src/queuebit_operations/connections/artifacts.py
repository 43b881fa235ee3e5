"""The artifacts as an operator reaches them."""

from __future__ import annotations

from collections.abc import Mapping

from queuebit_operations.errors import NotThere
from queuebit_runtime.clock import SystemClock
from queuebit_store.artifacts.opening import PLACE, artifacts_from
from queuebit_store.artifacts.port import Artifacts


def opened_artifacts(env: Mapping[str, str]) -> Artifacts:
    """As the quantum adapter keeps them. Raises NotThere where no place is named, and InvalidSettings."""
    found = artifacts_from(env, SystemClock().now)
    if found is None:
        raise NotThere(
            f"{PLACE} is not set, so that no artifact can be read.",
            remedy="Set it as the quantum adapter has it; `queuebit up` keeps them in .queuebit/artifacts.",
        )
    return found
