"""URLs and addresses that lead inside, in every spelling that anybody has found, and those that lead outside."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from queuebit_gateway.egress.addresses import why_closed
from queuebit_gateway.egress.target import EgressPolicy, EgressRefused, check_reached, target_of

POLICY = EgressPolicy()

CLOSED_ADDRESSES = (
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254",
    "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.8", "192.0.0.170",
    "192.0.2.1", "192.88.99.1", "192.168.0.1", "192.168.255.255", "198.18.0.1", "198.19.255.255", "198.51.100.1",
    "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1",
    "2001::1", "2001:0:7f00:1::", "2001:0:4136:e378:8000:63bf:80ff:fffe", "2001:db8::1", "2002:7f00:1::", "2002:a9fe:a9fe::1",
    "2002:808:808::", "3fff::1", "5f00::1", "fc00::1", "fd00::1", "fd12:3456:789a::1", "fe80::1", "fe80::1%eth0", "fec0::1",
    "ff02::1", "ff0e::1", "4000::1", "localhost", "", "1", "0x7f000001",
)  # fmt: skip
OPEN_ADDRESSES = ("8.8.8.8", "1.1.1.1", "93.184.216.34", "172.15.0.1", "172.32.0.1", "2606:4700::1111", "2a00:1450::1")

REFUSED_URLS = (
    # Hosts inside.
    "https://127.0.0.1/", "https://10.0.0.1/x", "https://169.254.169.254/latest/meta-data/", "https://[::1]/",
    "https://[::ffff:127.0.0.1]/", "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/", "https://[fd00::1]/",
    "https://[fe80::1%25eth0]/", "https://0.0.0.0/", "https://0/", "https://localhost/", "https://LOCALHOST/",
    "https://a.localhost/", "https://metadata.google.internal/", "https://printer.local/", "https://db.lan/",
    "https://intranet/", "https://kafka:9092/",
    # Other spellings of 127.0.0.1.
    "https://2130706433/", "https://017700000001/", "https://0x7f000001/", "https://0x7f.0.0.1/", "https://0177.0.0.1/",
    "https://127.1/", "https://127.0.1/", "https://127.0.0.01/", "https://127.000.000.001/", "https://127.0.0.1./",
    "https://1.0x7f/", "https://example.0x7f000001/", "https://256.256.256.256/", "https://1.2.3.4.5/",
    "https://\uff11\uff12\uff17.0.0.1/", "https://\u2460\u2461\u2466.0.0.1/", "https://127\u30020\u30020\u30021/",
    # User names, fragments, what programs read differently.
    "https://user@example.com/", "https://user:pass@example.com/", "https://example.com@127.0.0.1/",
    "https://127.0.0.1#@example.com/", "https://example.com#x", "https://example.com\\@127.0.0.1/",
    "https:\\\\example.com/", "https:/example.com/", "https:///example.com/", "https://example.com:443:80/",
    "https://example.com /", " https://example.com/", "https://example.com/\r\nHost: inside", "https://exa\tmple.com/",
    "https://example.com/\u0000", "https://ex\u00e4mple.com/", "https://-a.example.com/", "https://a-.example.com/",
    "https://a_b.example.com/", "https://example..com/", "https://.example.com/", "https://example.com./",
    "https://" + "a" * 64 + ".com/", "https://" + "a." * 130 + "com/", "https://example.com/" + "a" * 2000,
    "https://[::1/", "https://::1/", "https://[example.com]/", "https://[1.2.3.4]/", "https://%31%32%37.0.0.1/",
    # Schemes and ports.
    "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "//example.com/",
    "example.com", "", "javascript:alert(1)", "https://example.com:22/", "https://example.com:80/",
    "https://example.com:6379/", "https://example.com:0/", "https://example.com:65536/", "https://example.com:99999999/",
    "https://example.com:/", "https://example.com:+443/", "https://example.com:44x3/", "https://8.8.8.8:25/",
)  # fmt: skip
TAKEN_URLS = (
    ("https://example.com", "example.com", 443, "/"),
    ("https://Hooks.Example.COM:8443/a/b?c=d", "hooks.example.com", 8443, "/a/b?c=d"),
    ("HTTPS://xn--exmple-cua.com/", "xn--exmple-cua.com", 443, "/"),
    ("https://8.8.8.8/x", "8.8.8.8", 443, "/x"),
    ("https://[2606:4700:0:0::1111]/x", "2606:4700::1111", 443, "/x"),
    ("https://1and1.com/", "1and1.com", 443, "/"),
)


def test_there_are_as_many_as_are_promised() -> None:
    assert len({*CLOSED_ADDRESSES, *REFUSED_URLS}) >= 80
    assert len(set(REFUSED_URLS)) == len(REFUSED_URLS)


@pytest.mark.parametrize("address", CLOSED_ADDRESSES)
def test_an_address_that_is_not_public_is_closed(address: str) -> None:
    assert why_closed(address) is not None


@pytest.mark.parametrize("address", OPEN_ADDRESSES)
def test_a_public_address_is_open(address: str) -> None:
    assert why_closed(address) is None


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_a_url_that_leads_inside_or_that_is_read_in_two_ways_is_refused(url: str) -> None:
    with pytest.raises(EgressRefused):
        target_of(url, POLICY)


@pytest.mark.parametrize(("url", "host", "port", "path"), TAKEN_URLS)
def test_a_url_that_leads_outside_is_taken_apart(url: str, host: str, port: int, path: str) -> None:
    target = target_of(url, POLICY)
    assert (target.host, target.port, target.path) == (host, port, path)


def test_a_name_is_refused_where_any_of_its_addresses_is_inside() -> None:
    target = target_of("https://example.com/", POLICY)

    assert check_reached(target, ["8.8.8.8", "1.1.1.1"], POLICY) == "8.8.8.8"
    for found in (["8.8.8.8", "10.0.0.1"], ["127.0.0.1"], ["::ffff:10.0.0.1"], []):
        with pytest.raises(EgressRefused):
            check_reached(target, found, POLICY)


def test_a_network_that_the_operator_allows_is_reached_and_nothing_else_is_loosened() -> None:
    policy = EgressPolicy(allowed=(ip_network("127.0.0.0/8"),))

    assert target_of("http://127.0.0.1:9000/x", policy).port == 9000
    for url in ("http://8.8.8.8/", "https://8.8.8.8:25/", "https://10.0.0.1/", "https://169.254.169.254/"):
        with pytest.raises(EgressRefused):
            target_of(url, policy)
    plain = target_of("http://example.com/", policy)
    assert check_reached(plain, ["127.0.0.1"], policy) == "127.0.0.1"
    with pytest.raises(EgressRefused):
        check_reached(plain, ["8.8.8.8"], policy)
