"""Whose request it is, behind the proxies that the operator names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Literal

from starlette.types import Scope

ForwardedHeader = Literal["x-forwarded-for", "forwarded"]
HOPS_MAX = 20
UNKNOWN = "unknown"

_FOR = re.compile(r'(?:^|;)\s*for\s*=\s*(?:"([^"]*)"|([^\s;,"]*))\s*(?=;|$)', re.IGNORECASE)
_IPV6_PREFIX = 64


class Proxies:
    """Finds the address of a client. One header is believed, and only from the addresses and networks that are `trusted`:

    the other one passes through most proxies as a stranger wrote it. Read from the right, the first address that is no trusted
    proxy is the client.
    """

    def __init__(self, trusted: Sequence[str] = (), header: ForwardedHeader = "x-forwarded-for") -> None:
        """Raises ValueError where `trusted` names something that is neither an address nor a network."""
        self._networks = tuple(ip_network(each, strict=False) for each in trusted)
        self._header = header.encode()

    def trusts(self, address: str) -> bool:
        """Whether this address is that of a proxy."""
        try:
            found = ip_address(address)
        except ValueError:
            return False
        if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        return any(found in network for network in self._networks if network.version == found.version)

    def client_of(self, scope: Scope) -> str:
        """What limits are counted by: the address, or of IPv6 the network of 64 bits, which one customer has."""
        return counted(self.address_of(scope))

    def address_of(self, scope: Scope) -> str:
        """The address of the client, as it is known."""
        peer: str = scope["client"][0] if scope.get("client") else UNKNOWN
        if self._networks and self.trusts(peer):
            for hop in self._hops(scope["headers"]):
                if not _is_address(hop):
                    break
                peer = hop
                if not self.trusts(hop):
                    break
        return peer

    def _hops(self, headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
        """The addresses that the believed header names, the nearest first."""
        lines = b",".join(value for name, value in headers if name == self._header).decode("latin-1")
        hops = [hop.strip() for hop in lines.split(",")[-HOPS_MAX:]][::-1]
        if self._header == b"forwarded":
            hops = [_forwarded_for(hop) for hop in hops]
        return [_without_port(hop) for hop in hops]


NO_PROXIES = Proxies()


def counted(address: str) -> str:
    """The address, or the network of 64 bits that an IPv6 address is in."""
    try:
        found = ip_address(address)
    except ValueError:
        return UNKNOWN
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ip_network((found, _IPV6_PREFIX), strict=False))


def _forwarded_for(element: str) -> str:
    match = _FOR.search(element)
    return (match[1] or match[2] or "") if match else ""


def _without_port(hop: str) -> str:
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
