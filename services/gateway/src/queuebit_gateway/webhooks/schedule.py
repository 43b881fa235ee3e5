"""When an attempt is made again, and when an endpoint is given up."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from queuebit_contracts.ids import derive_id
from queuebit_store.webhooks.port import Attempted

DELAYS_S = (5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
"""After the first attempt, the second and so on: a little over three days in all, as Standard Webhooks proposes."""
JITTER = 0.2
RETRY_AFTER_S_MAX = 86_400.0
FAILING_MAX = timedelta(days=5)
ANSWER_LENGTH_MAX = 1000
GONE = 410
ABORT_HEADER = "webhook-delivery"
ABORT = "abort-message"


def delay_s(delivery_id: UUID, attempts: int, headers: Mapping[str, str]) -> float | None:
    """For how long to wait after so many attempts, a fifth more or less by the delivery's own id, and never less than the
    receiver asks; None where there were enough.
    """
    if attempts > len(DELAYS_S):
        return None
    fraction = (derive_id(delivery_id, f"jitter:{attempts}").int & 0xFFFF) / 0xFFFF
    wait_s = DELAYS_S[attempts - 1] * (1 - JITTER + 2 * JITTER * fraction)
    return max(wait_s, _asked_s(headers))


def outcome_of(
    delivery_id: UUID, attempts: int, status: int, headers: Mapping[str, str], took_ms: int, answer: str
) -> Attempted:
    """What an answer means; `attempts` counts this one. 2xx is delivered, everything else is a failure, redirects too."""
    told = {"status": status, "took_ms": took_ms, "answer": answer[:ANSWER_LENGTH_MAX]}
    if 200 <= status < 300:
        return Attempted("delivered", None, error=None, **told)  # type: ignore[arg-type]
    if headers.get(ABORT_HEADER, "").strip() == ABORT:
        return Attempted("exhausted", None, error="The receiver wants no more attempts of this.", **told)  # type: ignore[arg-type]
    again_s = None if status == GONE else delay_s(delivery_id, attempts, headers)
    return Attempted(
        "exhausted" if again_s is None else "pending",
        again_s,
        error=f"The receiver answered {status}{', a redirect, which is not followed' if 300 <= status < 400 else ''}.",
        **told,  # type: ignore[arg-type]
    )


def failed(delivery_id: UUID, attempts: int, error: str, took_ms: int, *, for_good: bool = False) -> Attempted:
    """No answer came. `for_good`: nothing may be sent there at all."""
    again_s = None if for_good else delay_s(delivery_id, attempts, {})
    return Attempted("exhausted" if again_s is None else "pending", again_s, error=error, took_ms=took_ms)


def why_disabled(status: int | None, failing: timedelta | None) -> str | None:
    """Why nothing more is sent to an endpoint that has failed for so long; None where it is tried on."""
    if status == GONE:
        return "The receiver answered 410: it is gone."
    if failing is not None and failing >= FAILING_MAX:
        return f"Every attempt has failed for {failing.days} days."
    return None


def _asked_s(headers: Mapping[str, str]) -> float:
    text = headers.get("retry-after", "").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        return 0.0
    return min(math.ceil(float(text)), RETRY_AFTER_S_MAX)
