"""For whom something is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from queuebit_contracts.money import ENVIRONMENT_LABEL, PROJECT_LABEL


class Asker(NamedTuple):
    """For whom a question is asked: the tenant, and the project and environment that its key is for, where it is for one.
    `who`: the name of who asks, for the record. `local_only`: whether nothing of what they ask may leave the installation.
    """

    tenant: str
    project: str | None = None
    environment: str | None = None
    who: str = ""
    local_only: bool = False

    @property
    def bound(self) -> Mapping[str, str]:
        """The labels that every job has that it may see; none, all of the tenant."""
        said = ((PROJECT_LABEL, self.project), (ENVIRONMENT_LABEL, self.environment))
        return {name: value for name, value in said if value is not None}

    def sees(self, labels: Mapping[str, str]) -> bool:
        """Whether a job of the tenant with these labels is one of its own."""
        return all(labels.get(name) == value for name, value in self.bound.items())
