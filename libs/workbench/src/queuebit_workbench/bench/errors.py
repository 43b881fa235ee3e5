"""What can go wrong in a benchmark."""

from __future__ import annotations

from queuebit_devstack.errors import DevstackError


class BenchFailed(DevstackError):
    """The benchmark could not be carried out."""


class Stuck(BenchFailed):
    """Jobs were submitted and did not come back in time."""


class JobLost(BenchFailed):
    """A job of the benchmark ended without an answer."""
