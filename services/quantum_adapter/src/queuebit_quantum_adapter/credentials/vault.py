"""Credentials that Vault leases or keeps: what is leased is renewed while it may be and had anew before it ends, what is kept
is looked at every minute.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from queuebit_quantum_adapter.credentials.port import BYTES_MAX
from queuebit_quantum_adapter.credentials.vault_access import Wanted
from queuebit_quantum_adapter.credentials.vault_client import RENEW_AT_SHARE, Secret
from queuebit_quantum_adapter.errors import CredentialsMissing, VaultAway, VaultRefused

KEPT_LOOK_S = 60.0
AGAIN_S, AGAIN_S_MAX = 5.0, 60.0
"""After a fault Vault is asked again so soon, then at twice the time each."""
_log = logging.getLogger(__name__)


class Client(Protocol):
    """Vault. Each raises VaultAway, VaultRefused and CredentialsMissing."""

    def enter(self) -> None: ...

    def read(self, path: str) -> Secret | None: ...

    def renew(self, secret: Secret, wanted_s: float) -> float: ...

    def forget_token(self) -> None: ...


class _Held(NamedTuple):
    secret: Secret
    due_s: float


class Vault:
    """A source of credentials. What cannot be renewed now stays as it is: the provider says when it opens nothing any more."""

    def __init__(
        self, client: Client, wanted: Mapping[str, Sequence[Wanted]], monotonic_s: Callable[[], float]
    ) -> None:
        self._client = client
        self._wanted = wanted
        self._monotonic_s = monotonic_s
        self._held: dict[str, _Held] = {}
        self._again_s, self._wait_s = float("-inf"), AGAIN_S

    def read(self) -> Mapping[str, str]:
        fault = self._look() if self._monotonic_s() >= self._again_s else None
        if fault is None and self._held.keys() >= self._wanted.keys():
            return self._values()
        if fault is None:
            raise CredentialsMissing("Vault was asked a moment ago.", remedy="It is asked again in a moment.")
        if self._held.keys() < self._wanted.keys():
            raise fault
        _log.error("Credentials of before stay: %s %s", fault.detail, fault.remedy)
        return self._values()

    def _look(self) -> CredentialsMissing | None:
        """Renew what is due; the first fault, where there is one."""
        now_s = self._monotonic_s()
        due = [path for path in self._wanted if path not in self._held or now_s >= self._held[path].due_s]
        faults: list[CredentialsMissing] = []
        try:
            self._client.enter()
            for path in due:
                try:
                    self._held[path] = self._renewed(path, self._held.get(path)) or self._had_anew(path)
                except VaultRefused as refused:
                    # One path that may not be read holds up no other.
                    faults.append(refused)
        except CredentialsMissing as fault:
            faults.append(fault)
        if not faults:
            self._wait_s = AGAIN_S
            return None
        if any(isinstance(fault, VaultRefused) for fault in faults):
            self._client.forget_token()
        self._again_s, self._wait_s = now_s + self._wait_s, min(2 * self._wait_s, AGAIN_S_MAX)
        return faults[0]

    def _renewed(self, path: str, held: _Held | None) -> _Held | None:
        """What is held, for longer; None where it has to be had anew, as the end of a lease comes nearer whoever renews it."""
        if held is None or not held.secret.lease_id or not held.secret.renewable:
            return None
        now_s, wanted_s = self._monotonic_s(), held.secret.lease_s
        more_s = self._client.renew(held.secret, wanted_s)
        if more_s < wanted_s / 2:
            return None
        _log.info("Vault goes on leasing %s for %.0f s.", path, more_s)
        return _Held(held.secret, now_s + RENEW_AT_SHARE * more_s)

    def _had_anew(self, path: str) -> _Held:
        now_s, before = self._monotonic_s(), self._held.get(path)
        found = self._client.read(path)
        absent = [each.field for each in self._wanted[path] if found is None or each.field not in found.fields]
        if absent and before is None:
            raise VaultAway(
                f"Vault holds nothing at {path}." if found is None else f"{path} in Vault has no {', '.join(absent)}.",
                remedy="Look at QUEUEBIT_QUANTUM_VAULT_READS: each is VARIABLE=path#field.",
            )
        if absent:
            _log.error("Vault holds no %s at %s any more.", ", ".join(absent), path)
        secret = found or Secret({})
        wait_s = RENEW_AT_SHARE * secret.lease_s if secret.lease_id and secret.lease_s > 0 else KEPT_LOOK_S
        return _Held(secret, now_s + wait_s)

    def _values(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for path, fields in self._wanted.items():
            for variable, field in ((each.variable, each.field) for each in fields):
                value = self._held[path].secret.fields.get(field)
                if value is not None and len(value) <= BYTES_MAX:
                    found[variable] = value
        return found
