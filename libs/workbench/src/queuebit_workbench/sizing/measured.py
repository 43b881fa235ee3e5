"""What was measured of installations of several shapes, as it is kept beside this file. `make bench-shapes` writes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any

KEPT = "measured.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Shape:
    """So many control planes with as many of each worker. `us_per_job` is what a job costs each service, all its processes
    together; `half_load_*` the latency at half of the throughput; `elsewhere` the share of the machine that others used.
    """

    planes: int
    jobs_per_s: float
    rounds_jobs_per_s: tuple[float, ...]
    us_per_job: Mapping[str, float]
    half_load_jobs_per_s: float
    half_load_p50_ms: float
    half_load_p99_ms: float
    elsewhere: float


@dataclass(frozen=True, slots=True)
class Measured:
    """`about` says where, of what versions, and how; the shapes come from the smallest."""

    about: Mapping[str, Any]
    shapes: tuple[Shape, ...]

    @property
    def least(self) -> Shape:
        """One of everything: what costs are told of."""
        return self.shapes[0]


def text_of(measured: Measured) -> str:
    """The file."""
    return json.dumps({"format": FORMAT, **asdict(measured)}, indent=1) + "\n"


def read_measured(text: str) -> Measured:
    """Raises ValueError where it is none."""
    told = json.loads(text)
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise ValueError("It is no measurement of this version.")
    try:
        shapes = tuple(
            Shape(**{**each, "rounds_jobs_per_s": tuple(each["rounds_jobs_per_s"])}) for each in told["shapes"]
        )
        found = Measured(told["about"], shapes)
    except (KeyError, TypeError) as error:
        raise ValueError(f"It is no measurement: {error}.") from None
    if not shapes or shapes[0].planes != 1:
        raise ValueError("It does not begin with one of everything.")
    return found


@cache
def kept() -> Measured | None:
    """The measurement that is kept here; None where there is none yet."""
    path = files(__package__).joinpath(KEPT)
    return read_measured(path.read_text()) if path.is_file() else None
