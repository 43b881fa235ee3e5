"""A question on its way to being taken."""

from __future__ import annotations

from typing import NamedTuple

from queuebit_contracts.origin import NO_ORIGIN, Origin
from queuebit_problems.admission import Admitted


class Keyed(NamedTuple):
    """A question of many, with the key that it is asked under."""

    key: str
    admitted: Admitted
    origin: Origin = NO_ORIGIN
