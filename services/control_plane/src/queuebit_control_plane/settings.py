"""What an operator may set: environment variables that begin with QUEUEBIT_CONTROL_PLANE_."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from queuebit_contracts.errors import UnknownType
from queuebit_contracts.registry import REGISTRY
from queuebit_contracts.writing import Writing

PREFIX = "QUEUEBIT_CONTROL_PLANE_"


def versions_in(text: str) -> tuple[str, ...]:
    """The versions that a list with commas names."""
    return tuple(each.strip() for each in text.split(",") if each.strip())


def _usable(text: str) -> str:
    try:
        REGISTRY.written_as(versions_in(text))
    except UnknownType as error:
        raise ValueError(error.detail) from None
    return text


class ControlPlaneSettings(BaseSettings):
    """How events are written, and what is folded from them beside the jobs."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, env_ignore_empty=True)

    write_as: Annotated[str, NoDecode, AfterValidator(_usable)] = ""
    """Older versions of events to write, such as `JobPlanned.v1`, parted by commas: while services of the release before still
    run beside this one, or may come back."""

    projections: bool = True
    """Whether this process keeps projections up to date. Off, `queuebit ops projections run` does it elsewhere."""
    projections_share: Annotated[float, Field(gt=0, le=1)] = 0.02
    """Which share of its time this process gives to projections under load, when they fall behind rather than jobs."""

    @property
    def writing(self) -> Writing:
        """In which version each event is written."""
        return Writing(REGISTRY.written_as(versions_in(self.write_as)))
