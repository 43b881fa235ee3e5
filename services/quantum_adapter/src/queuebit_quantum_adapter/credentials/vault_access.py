"""How Vault is asked for credentials, as an operator says it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from queuebit_quantum_adapter.credentials.port import is_account_variable

_PATH = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._/-]{0,254}")
_FIELD = re.compile(r"[A-Za-z0-9_.-]{1,100}")
VARIABLES_MAX = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """That a field of what a path holds is the value of a variable."""

    variable: str
    field: str


@dataclass(frozen=True, slots=True)
class TokenFile:
    """A token that somebody keeps in a file, such as an agent of Vault."""

    path: Path


@dataclass(frozen=True, slots=True)
class KubernetesLogin:
    """A token is had for that of a service account, at an auth method of Vault that stands at `mount`."""

    role: str
    jwt_file: Path
    mount: str


@dataclass(frozen=True, slots=True)
class VaultAccess:
    """Where Vault is, how it is entered, and what is read there."""

    url: str
    entry: TokenFile | KubernetesLogin
    wanted: Mapping[str, Sequence[Wanted]]
    namespace: str = ""
    ca_file: Path | None = None


def vault_url(text: str) -> str:
    """Raises ValueError for what is no address of Vault, or one that would carry credentials in clear."""
    parts = urlsplit(text)
    here = parts.hostname == "localhost" or _is_loopback(parts.hostname or "")
    if not parts.hostname or parts.scheme not in ("https", "http") or parts.query or parts.fragment or parts.username:
        raise ValueError("should be an address such as https://vault.example:8200")
    if parts.scheme == "http" and not here:
        raise ValueError("should begin with https: credentials would be sent in clear")
    return text.rstrip("/")


def wanted_in(text: str) -> Mapping[str, Sequence[Wanted]]:
    """`VARIABLE=path#field`, parted by commas, by path: all of one path are read at once. Raises ValueError."""
    found: dict[str, list[Wanted]] = {}
    variables: set[str] = set()
    for each in filter(None, map(str.strip, text.split(","))):
        variable, _, place = each.partition("=")
        path, _, field = place.partition("#")
        if not is_account_variable(variable):
            raise ValueError(f"{variable!r} is no name of a variable of an account")
        if not _PATH.fullmatch(path) or ".." in path or "//" in path or not _FIELD.fullmatch(field):
            raise ValueError(f"{variable} should be written as {variable}=path#field")
        if variable in variables:
            raise ValueError(f"{variable} stands twice")
        variables.add(variable)
        found.setdefault(path, []).append(Wanted(variable, field))
    if len(variables) > VARIABLES_MAX:
        raise ValueError(f"should name at most {VARIABLES_MAX} variables")
    return found


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
