"""The sources of credentials that an adapter is told of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from queuebit_quantum_adapter.credentials.folder import Folder
from queuebit_quantum_adapter.credentials.port import Source
from queuebit_quantum_adapter.credentials.vault_access import VaultAccess


def sources_of(folder: Path | None, vault: VaultAccess | None, monotonic_s: Callable[[], float]) -> Sequence[Source]:
    """The folder, then Vault, whose values hold where both have a name. Raises ModuleNotFoundError where hvac is missing."""
    found: list[Source] = [] if folder is None else [Folder(folder)]
    if vault is not None:
        # Who has no Vault needs no client of it.
        from queuebit_quantum_adapter.credentials.vault import Vault
        from queuebit_quantum_adapter.credentials.vault_client import VaultClient

        found.append(Vault(VaultClient(vault, monotonic_s), vault.wanted, monotonic_s))
    return found
