"""A backend whose specification opens the provider that a test has put here."""

from __future__ import annotations

from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.errors import ProviderUnavailable
from tests.fakes.memory_provider import MemoryProvider

SPEC = BackendSpec("memory", "1", "quantum", "tests.fakes.opened_provider:opened", 10, durable=True)
OPENED: list[MemoryProvider] = []


def opened() -> MemoryProvider:
    """What the specification names: the last that was put here. Raises ProviderUnavailable where there is none."""
    if not OPENED:
        raise ProviderUnavailable("nobody answers")
    return OPENED[-1]
