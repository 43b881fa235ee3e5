"""Whose request it is, and on what conditions: the pure parts of the door."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from queuebit_gateway.access.proxies import ForwardedHeader, Proxies
from queuebit_gateway.http.conditions import check_if_match, is_unchanged
from queuebit_gateway.http.guard import Bounds, Connections
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.read_model.bounded_memory import Kept
from queuebit_gateway.settings import GatewaySettings

PROXY, OTHER_PROXY, CLIENT, STRANGER = "10.0.0.1", "10.0.9.9", "203.0.113.7", "198.51.100.2"


def scope(peer: str | None, **headers: str) -> dict[str, Any]:
    pairs = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": "http", "client": (peer, 1) if peer else None, "headers": pairs}


@pytest.mark.parametrize(
    ("header", "peer", "headers", "client"),
    [
        ("x-forwarded-for", CLIENT, {}, CLIENT),
        ("x-forwarded-for", STRANGER, {"x_forwarded_for": CLIENT}, STRANGER),
        ("x-forwarded-for", PROXY, {"x_forwarded_for": CLIENT}, CLIENT),
        ("x-forwarded-for", PROXY, {"x_forwarded_for": f"{STRANGER}, {CLIENT}"}, CLIENT),
        ("x-forwarded-for", PROXY, {"x_forwarded_for": f"{STRANGER}, {CLIENT}, {OTHER_PROXY}"}, CLIENT),
        ("x-forwarded-for", PROXY, {"x_forwarded_for": f"{CLIENT}:5123"}, CLIENT),
        ("x-forwarded-for", PROXY, {"x_forwarded_for": f"{CLIENT}, nonsense"}, PROXY),
        ("x-forwarded-for", PROXY, {"x_forwarded_for": ""}, PROXY),
        ("x-forwarded-for", PROXY, {"forwarded": f"for={CLIENT}"}, PROXY),
        ("x-forwarded-for", f"::ffff:{PROXY}", {"x_forwarded_for": CLIENT}, CLIENT),
        ("x-forwarded-for", PROXY, {"x_forwarded_for": "2001:db8:1:2:3::4"}, "2001:db8:1:2::/64"),
        ("x-forwarded-for", PROXY, {"x_forwarded_for": "[2001:db8:1:2:3::4]:80"}, "2001:db8:1:2::/64"),
        ("x-forwarded-for", PROXY, {"x_forwarded_for": ", ".join([CLIENT, *[OTHER_PROXY] * 30])}, OTHER_PROXY),
        ("forwarded", PROXY, {"forwarded": f"for={CLIENT};proto=https"}, CLIENT),
        ("forwarded", PROXY, {"forwarded": f"For={STRANGER}, proto=https;for={CLIENT}"}, CLIENT),
        ("forwarded", PROXY, {"forwarded": 'for="[2001:db8:1:2:3::4]:80"'}, "2001:db8:1:2::/64"),
        ("forwarded", PROXY, {"forwarded": "for=_hidden"}, PROXY),
        ("forwarded", PROXY, {"x_forwarded_for": CLIENT}, PROXY),
        ("forwarded", None, {"forwarded": f"for={CLIENT}"}, "unknown"),
    ],
)
def test_the_client_is_who_a_named_proxy_says(
    header: ForwardedHeader, peer: str | None, headers: dict[str, str], client: str
) -> None:
    proxies = Proxies(["10.0.0.0/8"], header)
    assert proxies.client_of(scope(peer, **headers)) == client


@given(st.text(max_size=200), st.sampled_from(["x-forwarded-for", "forwarded"]))
def test_no_header_breaks_the_look_for_a_client(text: str, header: ForwardedHeader) -> None:
    given_headers = [(header.encode(), text.encode("utf-8", "ignore"))]
    assert Proxies(["10.0.0.0/8"], header).client_of({"type": "http", "client": (PROXY, 1), "headers": given_headers})


def test_without_proxies_the_peer_is_the_client() -> None:
    assert Proxies().client_of(scope("127.0.0.1", x_forwarded_for=CLIENT)) == "127.0.0.1"


def test_proxies_are_named_by_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUEBIT_PEPPER", "x" * 16)
    monkeypatch.setenv("QUEUEBIT_TRUSTED_PROXIES", "10.0.0.0/8, ::1")
    assert GatewaySettings().trusted_proxies == ("10.0.0.0/8", "::1")

    monkeypatch.setenv("QUEUEBIT_TRUSTED_PROXIES", "proxy.example")
    with pytest.raises(ValidationError, match="does not appear to be"):
        GatewaySettings()


def test_connections_are_counted_in_all_and_by_address() -> None:
    taken = Connections(Bounds(connections_max=5, connections_per_address_max=2), Proxies([PROXY]))

    assert [taken.take(STRANGER) for _ in range(3)] == [True, True, False]
    assert [taken.take(PROXY) for _ in range(4)] == [True, True, True, False]
    taken.give(STRANGER)
    assert ([taken.take(CLIENT), taken.take(CLIENT)], len(taken)) == ([True, False], 5)


@pytest.mark.parametrize(
    ("header", "unchanged"),
    [
        (None, False),
        ('"7"', True),
        ('W/"7"', True),
        ('"6"', False),
        ('"5", "6", "7"', True),
        ('"5",W/"7" , "x,y"', True),
        ('"a,\\"7\\""', False),
        ("*", True),
        (" * ", True),
        ("7", False),
        ('"7" "8"', False),
        ("", False),
        ('"7",' * 1000, False),
    ],
)
def test_if_none_match_compares_weakly(header: str | None, unchanged: bool) -> None:
    assert is_unchanged(header, 7) is unchanged


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, ""),
        ('"7"', ""),
        ('"6", "7"', ""),
        ("*", ""),
        ('W/"7"', "version_mismatch"),
        ('W/"7", "7"', ""),
        ('"6"', "version_mismatch"),
        ("7", "invalid_request"),
        ("", "invalid_request"),
        ('"7', "invalid_request"),
        ('w/"7"', "invalid_request"),
    ],
)
def test_if_match_compares_strongly(header: str | None, code: str) -> None:
    found = ""
    try:
        check_if_match(header, 7)
    except Refusal as refusal:
        found = refusal.problem.code
    assert found == code


def test_a_memory_forgets_what_was_used_least_recently_and_keeps_nothing_too_large() -> None:
    kept: Kept[str, str] = Kept(100)
    for name in "abc":
        kept.put(name, name, 40)
    assert ([kept.get(name) for name in "abc"], kept.bytes) == ([None, "b", "c"], 80)

    kept.get("b")
    kept.put("d", "d", 60)
    assert ([kept.get(name) for name in "bcd"], kept.bytes) == (["b", None, "d"], 100)

    kept.put("b", "large", 101)
    assert ([kept.get(name) for name in "bd"], kept.bytes) == ([None, "d"], 60)
