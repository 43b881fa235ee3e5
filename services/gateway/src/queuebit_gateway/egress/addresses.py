"""Which addresses are public. What is not known to be, is not; an IPv6 address is what the IPv4 address in it is, too."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_CLOSED: tuple[Network, ...] = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
            "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
            "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
        ),
    )
)  # fmt: skip
_OPEN_6 = ip_network("2000::/3")
"""What of IPv6 is given out at all; everything else is local, multicast, reserved or a translation."""
_TRANSLATED = tuple(map(ip_network, ("::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "::/96")))
"""Prefixes whose last 32 bits are an IPv4 address: mapped, translated, NAT64, compatible."""


def why_closed(text: str, allowed: tuple[Network, ...] = ()) -> str | None:
    """Why nothing may be sent to this address; None where it is public, or in a network that the operator allows."""
    try:
        address = ip_address(text)
    except ValueError:
        return "is no address"
    if any(address in network for network in allowed if network.version == address.version):
        return None
    for each in (address, *_inner(address)):
        if not _is_public(each):
            return "is not public" if each == address else f"holds {each}, which is not public"
    return None


def _is_public(address: Address) -> bool:
    if any(address in network for network in _CLOSED if network.version == address.version):
        return False
    if isinstance(address, IPv6Address):
        return address in _OPEN_6 and address.scope_id is None
    return address.is_global and not address.is_multicast and not address.is_reserved


def _inner(address: Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that an IPv6 address stands for."""
    if not isinstance(address, IPv6Address):
        return
    last = IPv4Address(int(address) & 0xFFFFFFFF)
    if any(address in network for network in _TRANSLATED):
        yield last
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
