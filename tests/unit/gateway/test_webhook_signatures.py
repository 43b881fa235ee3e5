"""Signatures: what we sign the reference library takes, what it signs we take, and nothing else."""

from __future__ import annotations

import hmac
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from queuebit_client.webhooks import WebhookInvalid, verify
from queuebit_gateway.webhooks.sealing import Sealer, Unsealable
from queuebit_gateway.webhooks.signing import fresh, headers_of, rotated

NOW = datetime(2026, 3, 1, tzinfo=UTC)
BODY = b'{"type":"JobCompleted","n":1}'
SHARED, OTHER = fresh("v1", b"a" * 32), fresh("v1", b"b" * 32)
PAIR = fresh("v1a", b"c" * 32)


def test_the_reference_library_takes_what_we_sign() -> None:
    headers = headers_of([SHARED, PAIR], "msg_1", BODY, datetime.now(UTC))

    assert Webhook(SHARED.text).verify(BODY, headers) == {"type": "JobCompleted", "n": 1}
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER.text).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SHARED.text).verify(BODY + b" ", headers)


@given(body=st.dictionaries(st.text(), st.integers()).map(lambda found: repr(found).encode("utf-8", "replace")))
def test_our_signature_is_that_of_the_reference_library(body: bytes) -> None:
    ours = headers_of([SHARED], "msg_1", body, NOW)["webhook-signature"]
    assert ours == Webhook(SHARED.text).sign("msg_1", NOW, body.decode())


def test_the_client_takes_either_scheme_and_what_the_reference_library_signs() -> None:
    now = datetime.now(UTC)
    headers = headers_of([SHARED, PAIR], "msg_1", BODY, now)
    theirs = {**headers, "webhook-signature": Webhook(SHARED.text).sign("msg_1", now, BODY.decode())}

    for secret, signed in ((SHARED.shown, headers), (PAIR.shown, headers), (SHARED.shown, theirs)):
        assert verify(BODY, signed, [secret]) == {"type": "JobCompleted", "n": 1}
    assert PAIR.shown.startswith("whpk_")
    assert PAIR.text not in repr(PAIR)


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-id": "msg_2"},
        {"webhook-id": ""},
        {"webhook-timestamp": str(int(NOW.timestamp()) + 1)},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": str(int(NOW.timestamp()) - 301)},
        {"webhook-signature": ""},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,%%% v1a,%%%"},
        {"webhook-signature": "v1,AAAA v1a,AAAA"},
        {"webhook-signature": "v2,AAAA"},
        {"webhook-signature": "\u00e4,\u00e4 v1,\u00e4"},
    ],
)
def test_everything_else_is_refused_by_one_error(changed: dict[str, str]) -> None:
    headers = {**headers_of([SHARED, PAIR], "msg_1", BODY, NOW), **changed}
    for secret in (SHARED.shown, PAIR.shown):
        with pytest.raises(WebhookInvalid):
            verify(BODY, headers, [secret], now_s=NOW.timestamp())


@pytest.mark.parametrize(
    ("secret", "known"),
    [
        ("", b""),
        (None, b""),
        ("whsec_", b""),
        ("whsec_%%%", b""),
        ("whsec_YWJj", b"abc"),
        ("whpk_", b""),
        ("whpk_YWJj", b"abc"),
        ("\u00e4", b""),
    ],
)
def test_a_secret_that_is_none_opens_to_nobody(secret: str | None, known: bytes) -> None:
    """Given a receiver whose variable is not set, and a stranger who signs with what that comes to, it is refused."""
    signature = hmac.digest(known, b"msg_1.%d.%b" % (int(NOW.timestamp()), BODY), "sha256")
    forged = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(NOW.timestamp())),
        "webhook-signature": f"v1,{b64encode(signature).decode()}",
    }
    for secrets in ([secret], [secret, SHARED.shown], [SHARED.shown, secret]):
        with pytest.raises(WebhookInvalid):
            verify(BODY, forged, secrets, now_s=NOW.timestamp())
        with pytest.raises(WebhookInvalid, match="not one of a webhook"):
            verify(BODY, headers_of([SHARED], "msg_1", BODY, NOW), secrets, now_s=NOW.timestamp())


def test_one_secret_may_be_given_as_it_is() -> None:
    headers = headers_of([SHARED], "msg_1", BODY, NOW)
    assert verify(BODY, headers, SHARED.shown, now_s=NOW.timestamp()) == {"type": "JobCompleted", "n": 1}


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[]", b"", b"{"])
def test_a_signed_body_that_is_no_message_is_refused_too(body: bytes) -> None:
    with pytest.raises(WebhookInvalid):
        verify(body, headers_of([SHARED], "msg_1", body, NOW), [SHARED.shown], now_s=NOW.timestamp())


def test_after_a_rotation_both_are_signed_with_until_the_overlap_ends() -> None:
    both = rotated([SHARED], [OTHER], NOW, timedelta(hours=1))
    later, third = NOW + timedelta(minutes=30), fresh("v1", b"d" * 32)
    again = rotated(both, [third], later, timedelta(hours=1))

    def signers(moment: datetime) -> list[str]:
        headers = headers_of(again, "m", BODY, moment)
        return [one.text for one in (SHARED, OTHER, third) if _is_by(one.shown, headers, moment)]

    assert headers_of(both, "m", BODY, NOW)["webhook-signature"].count("v1,") == 2
    assert signers(later) == [SHARED.text, OTHER.text, third.text]
    assert signers(NOW + timedelta(minutes=61)) == [OTHER.text, third.text]
    assert signers(NOW + timedelta(minutes=91)) == [third.text]


def test_secrets_are_opened_for_their_endpoint_and_with_their_pepper_alone() -> None:
    random = iter(bytes([nth]) * 12 for nth in range(10))
    sealer = Sealer(b"pepper one", lambda _count: next(random))
    one, other = UUID(int=1), UUID(int=2)

    sealed = sealer.seal(one, (SHARED, PAIR))

    assert sealer.open(one, sealed) == (SHARED, PAIR)
    assert SHARED.text.encode() not in sealed
    for endpoint_id, opener in ((other, sealer), (one, Sealer(b"pepper two", lambda count: b"0" * count))):
        with pytest.raises(Unsealable):
            opener.open(endpoint_id, sealed)


def _is_by(secret: str, headers: dict[str, str], moment: datetime) -> bool:
    try:
        verify(BODY, headers, [secret], now_s=moment.timestamp())
    except WebhookInvalid:
        return False
    return True
