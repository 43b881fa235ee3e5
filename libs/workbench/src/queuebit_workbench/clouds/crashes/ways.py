"""The ways of handing in that are compared: as we do it, in the window that a provider leaves, and as most callers do."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from queuebit_quantum_adapter.ports import Capabilities, Recovery, Request

Way = Literal["fence", "search", "token", "forgotten", "label", "control"]
"""fence, token and label: as we do it; search: without the fence; forgotten: where the provider forgets tokens at once;
control: an answer that is lost is taken for a failure.
"""
SURE: tuple[Way, ...] = ("fence", "token")
OURS: tuple[Way, ...] = (*SURE, "label")
"""As we do it: where a provider has neither, what is found by its label may still be paid twice, and that is found out."""


class Searched:
    """A provider without its fences: what is left is the search by key. `batched`: one that takes nothing outside a batch gets
    a new one for each send, which nobody remembers.
    """

    def __init__(self, provider: Any, *, batched: bool) -> None:
        self._provider, self._batched = provider, batched

    def __getattr__(self, name: str) -> Any:
        return getattr(self._provider, name)

    def capabilities(self) -> Capabilities:
        told: Capabilities = self._provider.capabilities()
        return replace(told, recovery=Recovery.SEARCH)

    def fence(self, key: UUID) -> None:
        """None is opened."""

    def submit(self, request: Request, key: UUID, fence: str | None) -> str:
        del fence
        sent: str = self._provider.submit(request, key, self._provider.fence(key) if self._batched else None)
        return sent


class Careless(Searched):
    """A caller that takes a lost answer for a failure, as most do: nothing is looked up, and it is sent again."""

    def capabilities(self) -> Capabilities:
        return replace(super().capabilities(), lag_s=0.01)

    def reconcile(self, key: UUID, fence: str | None, since: datetime | None = None) -> tuple[str, ...]:  # noqa: ARG002
        return ()


def in_the_way(provider: Any, way: Way, *, batched: bool = False) -> Any:
    """The provider as this way uses it."""
    match way:
        case "fence" | "token" | "forgotten" | "label":
            return provider
        case "search":
            return Searched(provider, batched=batched)
        case "control":
            return Careless(provider, batched=batched)
