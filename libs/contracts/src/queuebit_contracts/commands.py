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


class DecidePlan(CommandModel):
    """What a person says to the plan that `digest` names: that it may be carried out, or not. The envelope must name the
    tenant, which must be that of the job. The gateway has seen to it that `actor` may decide; whoever asked for the job may not
    allow its plan, and of a plan that has changed since nothing follows.
    """

    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    granted: bool
    actor: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    reason: Annotated[str, StringConstraints(max_length=1000)] = ""


Command = CancelJob | DecidePlan
"""Every command there is."""
