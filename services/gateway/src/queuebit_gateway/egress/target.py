"""Where a URL leads, read so strictly that no two programs can read it differently."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from queuebit_gateway.egress.addresses import Network, why_closed

URL_LENGTH_MAX = 2000
_URL = re.compile(r"(https?)://([^/?#]+)(/[^?#]*)?(\?[^#]*)?", re.IGNORECASE)
_TEXT = re.compile(r"[!-~]+")
_UNSAFE = frozenset('\\"<>^`{|}')
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::([0-9]{1,5}))?")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_DOTTED = re.compile(r"(0|[1-9][0-9]{0,2})(\.(0|[1-9][0-9]{0,2})){3}")
_LOCAL = frozenset(
    {"localhost", "local", "internal", "intranet", "lan", "home", "corp", "private", "arpa", "onion", "test"}
)
"""Last labels that name nothing public."""


class EgressRefused(Exception):
    """Nothing may be sent there. `reason` is a sentence for whoever named the URL."""

    transient = False

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """What may be reached. `allowed`: networks that may be though they are not public, and then by any port and by plain HTTP
    too: for development, and for receivers of the same house.
    """

    ports: frozenset[int] = frozenset({443, 8443})
    allowed: tuple[Network, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart. `host` is a name, or an address without brackets."""

    scheme: str
    host: str
    port: int
    path: str
    is_address: bool

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = 443 if self.scheme == "https" else 80
        return host if self.port == default else f"{host}:{self.port}"


def target_of(url: str, policy: EgressPolicy) -> Target:
    """Where the URL leads. Raises EgressRefused with the reason; addresses behind a name are looked at when it is resolved."""
    if len(url) > URL_LENGTH_MAX or not _TEXT.fullmatch(url) or _UNSAFE & set(url):
        raise EgressRefused(
            f"The URL must be at most {URL_LENGTH_MAX} visible ASCII characters: write international names as xn--…, and other "
            "characters percent-encoded."
        )
    match = _URL.fullmatch(url)
    if match is None:
        raise EgressRefused("The URL must begin with https://, name a host, and have no fragment.")
    scheme, authority, path, query = match[1].lower(), match[2], match[3] or "/", match[4] or ""
    if "@" in authority:
        raise EgressRefused("The URL must not hold a user name or a password: receivers check the signature.")
    split = _AUTHORITY.fullmatch(authority)
    if split is None:
        raise EgressRefused("The host of the URL is no name and no address.")
    port = int(split[2]) if split[2] else 443 if scheme == "https" else 80
    host, is_address = _host(split[1].lower())
    target = Target(scheme, host, port, path + query, is_address)
    if is_address:
        check_reached(target, [host], policy)
    elif not policy.allowed:
        _check_plain(scheme, port, policy)
    return target


def check_reached(target: Target, addresses: list[str], policy: EgressPolicy) -> str:
    """The address to connect to, where every one of them may be. Raises EgressRefused."""
    if not addresses:
        raise EgressRefused("The host has no address.")
    for address in addresses:
        reason = why_closed(address, policy.allowed)
        if reason is not None:
            raise EgressRefused(f"The host of the URL leads to an address that {reason}.")
        if not _is_allowed(address, policy):
            _check_plain(target.scheme, target.port, policy)
    return addresses[0]


def _check_plain(scheme: str, port: int, policy: EgressPolicy) -> None:
    if scheme != "https":
        raise EgressRefused("The URL must begin with https://.")
    if port not in policy.ports:
        raise EgressRefused(f"The port must be one of {', '.join(map(str, sorted(policy.ports)))}.")


def _is_allowed(address: str, policy: EgressPolicy) -> bool:
    return bool(policy.allowed) and why_closed(address) is not None and why_closed(address, policy.allowed) is None


def _host(text: str) -> tuple[str, bool]:
    """The host in its one spelling, and whether it is an address. Raises EgressRefused."""
    if text.startswith("["):
        try:
            return str(IPv6Address(text[1:-1])), True
        except AddressValueError:
            raise EgressRefused("The host of the URL is no IPv6 address.") from None
    if _DOTTED.fullmatch(text):
        try:
            return str(IPv4Address(text)), True
        except AddressValueError:
            raise EgressRefused("The host of the URL is no IPv4 address.") from None
    labels = text.split(".")
    if len(text) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise EgressRefused("The host of the URL is no name.")
    if _NUMBER.fullmatch(labels[-1]):
        raise EgressRefused("An address in the URL must be four decimal numbers with dots, or IPv6 in brackets.")
    if labels[-1] in _LOCAL or len(labels) < 2:
        raise EgressRefused("The host of the URL names nothing public.")
    return text, False
