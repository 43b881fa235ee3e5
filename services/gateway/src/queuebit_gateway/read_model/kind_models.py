"""What is shown of problem kinds."""

from __future__ import annotations

from typing import Any, Literal

from queuebit_contracts.jobs import Sense
from queuebit_contracts.model import Model


class KindSummary(Model):
    """A problem kind in a few words."""

    object: Literal["kind_summary"] = "kind_summary"
    name: str
    version: int
    title: str
    sense: Sense | None
    formats: tuple[str, ...]
    url: str


class KindList(Model):
    """All problem kinds of this installation."""

    object: Literal["list"] = "list"
    data: tuple[KindSummary, ...]


class KindView(Model):
    """A problem kind: how to state it, what an answer looks like, and a small example to send."""

    object: Literal["kind"] = "kind"
    name: str
    version: int
    title: str
    sense: Sense | None
    formats: tuple[str, ...]
    answer_shape: str
    params: dict[str, str]
    statement_schema: dict[str, Any]
    example: dict[str, Any]
