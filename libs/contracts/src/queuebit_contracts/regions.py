"""Where a job's data may go: the parameter `regions`, and what a backend says of where it stands."""

from __future__ import annotations

import re
from collections.abc import Mapping

from queuebit_contracts.jobs import ParamValue

REGIONS_PARAM = "regions"
"""A job that says `regions: eu,us-east` is given to those providers alone whose backend states one of these regions."""
LOCAL = "local"
"""The region of what runs in this installation: nothing leaves, so that every job may go there."""
REGIONS_MAX = 16

Regions = tuple[str, ...]
_CODES = re.compile(r"[a-z][a-z0-9]{0,15}(-[a-z0-9]{1,16}){0,3}")


def regions_in(text: str) -> Regions:
    """The regions that a list with commas names. Raises ValueError, saying what is wrong with it."""
    found = tuple(dict.fromkeys(each.strip() for each in text.split(",")))
    wrong = next((each for each in found if _CODES.fullmatch(each) is None), None)
    if wrong is not None:
        raise ValueError(f"{wrong[:40]!r} is the code of no region")
    if len(found) > REGIONS_MAX:
        raise ValueError(f"{len(found)} regions are named, {REGIONS_MAX} at most")
    return found


def regions_of(params: Mapping[str, ParamValue]) -> Regions | None:
    """Where a job may go; None where it does not say. One that cannot be read allows what is here, and nothing else."""
    said = params.get(REGIONS_PARAM)
    if said is None:
        return None
    try:
        return regions_in(said) if isinstance(said, str) else ()
    except ValueError:
        return ()


def is_allowed(region: str | None, regions: Regions | None) -> bool:
    """Whether what stands in a region may be given the data: `eu` allows `eu-de` too. Where nobody knows it, it may not."""
    if regions is None or region == LOCAL:
        return True
    return bool(region) and any(region == each or f"{region}".startswith(f"{each}-") for each in regions)


def region_of_crn(crn: str) -> str:
    """The region of an instance of IBM Cloud by its CRN; empty where that says none."""
    return _part(crn, "crn", 5)


def region_of_arn(arn: str) -> str:
    """The region of a device of Amazon by its ARN; empty where that says none."""
    return _part(arn, "arn", 3)


def _part(name: str, kind: str, place: int) -> str:
    parts = name.split(":")
    known = parts[0] == kind and len(parts) > place and _CODES.fullmatch(parts[place]) is not None
    return parts[place] if known else ""
