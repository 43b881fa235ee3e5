"""Offers: what a request may cost at most, signed, so that nobody keeps them and nobody can change them."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta

from pydantic import ValidationError

from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.money import Quote
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.read_model.pricing import Priced
from queuebit_problems.admission import Admitted

PREFIX = "qbq_"
MAC_BYTES = 32
VALID_S = 900.0
VALID_S_MAX = 3600.0
LENGTH_MAX = 8192


class Quotes:
    """Makes and reads offers under a secret of this installation."""

    def __init__(self, secret: bytes) -> None:
        self._secret = hashlib.sha256(b"queuebit quote\x1f" + secret).digest()

    def make(self, quote: Quote, tenant: str) -> str:
        """The id of the offer: it holds all of it, and only this tenant can use it."""
        payload = quote.model_dump_json().encode()
        return PREFIX + urlsafe_b64encode(self._mac(payload, tenant) + payload).rstrip(b"=").decode()

    def read(self, quote_id: str, tenant: str) -> Quote:
        """The offer. Raises Refusal quote_invalid."""
        text = quote_id.removeprefix(PREFIX)
        try:
            raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except ValueError:
            raise Refusal("quote_invalid") from None
        mac, payload = raw[:MAC_BYTES], raw[MAC_BYTES:]
        if not quote_id.startswith(PREFIX) or not hmac.compare_digest(mac, self._mac(payload, tenant)):
            raise Refusal("quote_invalid")
        try:
            return Quote.model_validate_json(payload)
        except ValidationError:
            raise Refusal("quote_invalid") from None

    def _mac(self, payload: bytes, tenant: str) -> bytes:
        return hmac.digest(self._secret, tenant.encode() + b"\x1f" + payload, "sha256")


def offer(admitted: Admitted, priced: Priced, expires_at: datetime) -> Quote:
    """The offer for an admitted request at these prices."""
    about = {
        "request": admitted.fingerprint,
        "leg": priced.leg,
        "lane": priced.lane,
        "backend": priced.backend,
        "amount": priced.amount.model_dump(),
        "parts": [each.model_dump() for each in priced.parts],
    }
    return Quote.model_validate({**about, "expires_at": expires_at, "digest": fingerprint(about)})


def check_time(quote: Quote, now: datetime) -> None:
    """Raises Refusal quote_expired where the offer stands no longer."""
    if now >= quote.expires_at:
        raise Refusal("quote_expired", f"The offer held until {quote.expires_at}.")


def check(quote: Quote, admitted: Admitted, priced: Priced) -> None:
    """Raises Refusal quote_void where the request, the backend or the price is not what was offered."""
    if quote.request != admitted.fingerprint:
        raise Refusal("quote_void", "The request is not the one that the quote is for.")
    now = offer(admitted, priced, quote.expires_at)
    if now.digest != quote.digest:
        raise Refusal(
            "quote_void",
            f"It was for {quote.amount.amount} {quote.amount.currency} on {quote.backend}; now it may cost"
            f" {now.amount.amount} {now.amount.currency} on {now.backend}.",
        )


def expiry(now: datetime, valid_s: float) -> datetime:
    """Until when an offer that is made now stands."""
    return (now + timedelta(seconds=valid_s)).replace(microsecond=0)
