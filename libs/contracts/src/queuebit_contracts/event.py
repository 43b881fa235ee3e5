"""What every event is."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from queuebit_contracts.model import Model

Answer = dict[str, Any]
Verdict = Literal["accepted", "rejected", "needs_review"]


class Event(Model):
    """Something that happened. `type_name` is its name where that is not the class name: of the model of an older version."""

    type_name: ClassVar[str] = ""
    schema_version: ClassVar[int] = 1
