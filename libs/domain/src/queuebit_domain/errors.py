"""What the domain refuses to go on from."""

from __future__ import annotations


class CorruptStream(Exception):
    """The stored events of a job do not make a story. Nothing is decided for this job until a person has looked."""

    transient = False


class InvalidPolicy(Exception):
    """A document is no policy: it names what is not there, or wants of a fact what it cannot be."""

    code = "invalid_policy"
    transient = False

    def __init__(self, detail: str, *, remedy: str) -> None:
        super().__init__(f"{detail} {remedy}".strip())
        self.detail = detail
        self.remedy = remedy
