"""What the domain refuses to go on from."""

from __future__ import annotations


class CorruptStream(Exception):
    """The stored events of a job do not make a story. Nothing is decided for this job until a person has looked."""

    transient = False
