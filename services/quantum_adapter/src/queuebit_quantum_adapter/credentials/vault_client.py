"""Vault's HTTP API as far as credentials need it, by hvac. Nothing of what Vault says stands in an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, assert_never

import hvac
import requests
from hvac.exceptions import Forbidden, InvalidPath, InvalidRequest, VaultError

from queuebit_quantum_adapter.credentials.vault_access import KubernetesLogin, TokenFile, VaultAccess
from queuebit_quantum_adapter.errors import CredentialsMissing, VaultAway, VaultRefused

T = TypeVar("T")
TIMEOUT_S = 5.0
RENEW_AT_SHARE = 2 / 3
"""After this share of its life what is leased is renewed."""
NEVER_S = float("inf")
AWAY = "See whether Vault runs, is unsealed, and is where QUEUEBIT_QUANTUM_VAULT_URL says."
NO_ROLE = "See whether the role and the engine at that path are there, by QUEUEBIT_QUANTUM_VAULT_READS."
REFUSED = "Give the policy of the token the right to it, or the adapter a token that holds."


@dataclass(frozen=True, slots=True)
class Secret:
    """What a path holds; `lease_s` is 0 where it has no lease."""

    fields: Mapping[str, str] = field(repr=False)
    lease_id: str = field(default="", repr=False)
    lease_s: float = 0.0
    renewable: bool = False


class VaultClient:
    """Vault, entered with a token that is kept fresh. Its methods block, and raise VaultAway and VaultRefused."""

    def __init__(self, access: VaultAccess, monotonic_s: Callable[[], float]) -> None:
        session = requests.Session()
        # Only what is said here steers it: no proxy and no password file of the environment.
        session.trust_env = False
        # What the session says of authorities holds for hvac, whatever it is told itself.
        session.verify = True if access.ca_file is None else str(access.ca_file)
        self._client = hvac.Client(
            access.url,
            token="",
            session=session,
            verify=session.verify,
            timeout=TIMEOUT_S,
            namespace=access.namespace or None,
            # Whoever leads elsewhere would be sent the token.
            allow_redirects=False,
        )
        self._entry = access.entry
        self._monotonic_s = monotonic_s
        self._token_due_s = -NEVER_S

    def enter(self) -> None:
        """See to it that the token holds."""
        match self._entry:
            case TokenFile(path):
                self._use_token(_text_of(path))
            case KubernetesLogin(role, jwt_file, mount):
                if self._monotonic_s() >= self._token_due_s:
                    self._log_in(role, _text_of(jwt_file), mount)
            case other:
                assert_never(other)

    def read(self, path: str) -> Secret | None:
        """What the path holds now; None where there is nothing."""
        try:
            said = self._asked(lambda: self._client.adapter.get(f"/v1/{path}"), path)
            data = said["data"]
            # The second version of the store of keys and values wraps what it holds.
            held = data["data"] if isinstance(data.get("metadata"), dict) and "data" in data else data
            fields = {name: value for name, value in held.items() if isinstance(value, str)}
            return Secret(fields, said["lease_id"], float(said["lease_duration"]), bool(said["renewable"]))
        except InvalidPath:
            return None
        except InvalidRequest:
            # So an engine answers whose role is gone.
            raise VaultRefused(f"Vault does not give out {path} (400).", remedy=NO_ROLE) from None
        except (KeyError, TypeError, ValueError, AttributeError):
            raise VaultAway(f"Vault's answer for {path} cannot be read.", remedy=AWAY) from None

    def renew(self, secret: Secret, wanted_s: float) -> float:
        """For how long the lease goes on from now; 0 where it does not."""
        with suppress(InvalidPath, InvalidRequest, VaultRefused, KeyError, TypeError, ValueError):
            renewing = lambda: self._client.sys.renew_lease(secret.lease_id, increment=int(wanted_s))  # noqa: E731
            return float(self._asked(renewing, "sys/leases/renew")["lease_duration"])
        return 0.0

    def forget_token(self) -> None:
        """Have another one next time: this one opens nothing any more."""
        self._token_due_s = -NEVER_S

    def _use_token(self, token: str) -> None:
        asked_s = self._monotonic_s()
        if token != self._client.token:
            self._client.token, self._token_due_s = token, asked_s
        if asked_s < self._token_due_s:
            return
        # A token that may not look after itself is looked after by who wrote it.
        due_s = NEVER_S
        with suppress(VaultRefused, InvalidRequest, InvalidPath, KeyError, TypeError, ValueError):
            own = self._asked(self._client.auth.token.lookup_self, "auth/token/lookup-self")["data"]
            if own["renewable"] and float(own["ttl"]) > 0:
                auth = self._asked(self._client.auth.token.renew_self, "auth/token/renew-self")["auth"]
                due_s = asked_s + RENEW_AT_SHARE * float(auth["lease_duration"])
        self._token_due_s = due_s

    def _log_in(self, role: str, jwt: str, mount: str) -> None:
        asked_s = self._monotonic_s()
        login = lambda: self._client.auth.kubernetes.login(role, jwt, mount_point=mount)  # noqa: E731
        try:
            auth = self._asked(login, f"auth/{mount}/login")["auth"]
            life_s = float(auth["lease_duration"])
        except (InvalidPath, InvalidRequest):
            raise VaultRefused(
                f"Vault does not know the role {role!r} at auth/{mount}, or not its token.", remedy=REFUSED
            ) from None
        except (KeyError, TypeError, ValueError):
            raise VaultAway(f"Vault's answer for auth/{mount}/login cannot be read.", remedy=AWAY) from None
        self._token_due_s = asked_s + RENEW_AT_SHARE * life_s if life_s > 0 else NEVER_S

    def _asked(self, ask: Callable[[], Any], place: str) -> Any:
        try:
            said = ask()
        except (InvalidPath, InvalidRequest):
            raise
        except Forbidden:
            raise VaultRefused(f"Vault does not let us use {place} (403).", remedy=REFUSED) from None
        except VaultError as error:
            raise VaultAway(f"Vault could not serve {place} ({type(error).__name__}).", remedy=AWAY) from None
        except requests.RequestException as error:
            raise VaultAway(f"Vault does not answer for {place} ({type(error).__name__}).", remedy=AWAY) from None
        if not isinstance(said, dict):
            raise VaultAway(f"Vault's answer for {place} is not one of Vault.", remedy=AWAY)
        return said


def _text_of(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CredentialsMissing(
            f"{path}, by which Vault is entered, cannot be read ({type(error).__name__}).",
            remedy="Let it be a text file that this user may read.",
        ) from None
