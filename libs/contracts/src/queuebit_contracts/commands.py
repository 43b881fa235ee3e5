"""What may be asked of the control plane about a job that exists, in the imperative."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import StringConstraints

from queuebit_contracts.model import StrictModel


class CommandModel(StrictModel):
    """Something that is asked for. `type_name` as for an `Event`."""

    type_name: ClassVar[str] = ""
    schema_version: ClassVar[int] = 1


class CancelJob(CommandModel):
    """Withdraw the job. The envelope must name the tenant, which must be that of the job; `actor` is who asked, for the
    record.
    """

    actor: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    reason: Annotated[str, StringConstraints(max_length=1000)] = ""


Command = CancelJob
"""Every command there is; a union once there are two."""
