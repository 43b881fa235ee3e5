"""In which version each message is written: today's, or an older one while services that know no newer still run."""

from __future__ import annotations

from collections.abc import Mapping

from queuebit_contracts.data import Data
from queuebit_contracts.registry import Step


class Writing:
    """Says each message in the version in which it is to be written."""

    def __init__(self, older: Mapping[type[Data], Step] | None = None) -> None:
        """`older`: as `Registry.written_as` gives it; absent, everything is written as today's."""
        self._older = dict(older or {})
        self.all_today = not self._older
        """Whether every message is written as it is."""

    def form(self, data: Data) -> Data:
        """The message in its version."""
        step = self._older.get(type(data))
        return data if step is None else step(data)


TODAY = Writing()
