"""What an operator may set: environment variables that begin with QUEUEBIT_CONTROL_PLANE_."""

from __future__ import annotations

from typing import Annotated, cast

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from queuebit_contracts.errors import UnknownType
from queuebit_contracts.jobs import Lane, is_tenant_name
from queuebit_contracts.registry import REGISTRY
from queuebit_contracts.writing import Writing
from queuebit_domain.release.shares import Shares

LANES = frozenset({"quantum", "simulator", "classical"})
"""Those that may have a window: what the rule lane does takes no time."""
PREFIX = "QUEUEBIT_CONTROL_PLANE_"


def versions_in(text: str) -> tuple[str, ...]:
    """The versions that a list with commas names."""
    return tuple(each.strip() for each in text.split(",") if each.strip())


def numbers_in(text: str) -> dict[str, float]:
    """The numbers above 0 that a list with commas gives to names. Raises ValueError."""
    found: dict[str, float] = {}
    for each in () if text == "none" else versions_in(text):
        name, _, number = each.partition("=")
        try:
            value = float(number)
        except ValueError:
            value = 0.0
        if not name or not 0 < value < float("inf"):
            raise ValueError(f"{each!r} is not NAME=NUMBER with a number above 0")
        found[name.strip()] = value
    return found


def _windows_text(text: str) -> str:
    unknown = numbers_in(text).keys() - LANES
    if unknown:
        raise ValueError(f"{min(unknown)!r} is no lane: use {', '.join(sorted(LANES))}, or none")
    return text


def _weights_text(text: str) -> str:
    wrong = [name for name in numbers_in(text) if not is_tenant_name(name)]
    if wrong:
        raise ValueError(f"{wrong[0]!r} can be the name of no tenant")
    return text


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
    projections_share: Annotated[float, Field(gt=0, le=1)] = 0.01
    """Which share of its time this process gives to projections under load, when they fall behind rather than jobs."""

    release_windows: Annotated[str, NoDecode, AfterValidator(_windows_text)] = "classical=8,simulator=30,quantum=3600"
    """How much work is let out onto each lane and tier at once, in seconds as it is expected to take: tenants share it by their
    weights, and what is more waits for its turn. A lane that is not named has no window; `none`: no lane has one."""
    release_weights: Annotated[str, NoDecode, AfterValidator(_weights_text)] = ""
    """The weights of tenants in their shares of the lanes, such as `acme=3,labs=0.5`; 1 for the others."""

    @property
    def shares(self) -> Shares | None:
        """How much of each lane tenants may have out; None where no lane has a window."""
        windows = {lane: seconds for lane, seconds in numbers_in(self.release_windows).items() if lane in LANES}
        return Shares(cast("dict[Lane, float]", windows), numbers_in(self.release_weights)) if windows else None

    @property
    def writing(self) -> Writing:
        """In which version each event is written."""
        return Writing(REGISTRY.written_as(versions_in(self.write_as)))
