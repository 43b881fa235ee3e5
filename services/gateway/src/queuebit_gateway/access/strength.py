"""How strongly somebody signed in, as their identity provider says it: by what (acr, amr) and when (auth_time)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from queuebit_gateway.problem_details import Refusal

SECONDS_MAX = 1e12
"""No moment of anybody's clock is as late."""


@dataclass(frozen=True, slots=True)
class Strength:
    """What a token must say of it. `acr`: one of these levels, where some are named. `amr`: each of these means. `age_s_max`:
    no longer ago than this; 0 for whenever.
    """

    acr: tuple[str, ...] = ()
    amr: tuple[str, ...] = ()
    age_s_max: float = 0.0

    def holds_until_s(self, claims: Mapping[str, Any], now_s: float, leeway_s: float) -> float:
        """Until when they have signed in strongly enough. Raises Refusal token_invalid, as RFC 9470 has it, so that a client
        can ask them to sign in again.
        """
        if self.acr and claims.get("acr") not in self.acr:
            raise self._too_weak(f"Its claim acr is none of {', '.join(self.acr)}.")
        means = claims.get("amr")
        absent = [each for each in self.amr if not isinstance(means, list) or each not in means]
        if absent:
            raise self._too_weak(f"Its claim amr does not name {', '.join(absent)}.")
        if not self.age_s_max:
            return math.inf
        at_s = claims.get("auth_time")
        if isinstance(at_s, bool) or not isinstance(at_s, int | float) or not abs(at_s) < SECONDS_MAX:
            raise self._too_weak("Its claim auth_time is missing, or no time.")
        until_s = at_s + self.age_s_max + leeway_s
        if at_s > now_s + leeway_s or until_s <= now_s:
            raise self._too_weak(
                f"Who holds it signed in longer than {self.age_s_max:g} s ago, by its claim auth_time."
            )
        return until_s

    def _too_weak(self, detail: str) -> Refusal:
        wanted = "".join(
            f', {name}="{value}"'
            for name, value in (("acr_values", " ".join(self.acr)), ("max_age", f"{self.age_s_max:g}"))
            if value not in ("", "0")
        )
        challenge = f'Bearer realm="queuebit", error="insufficient_user_authentication"{wanted}'
        return Refusal("token_invalid", detail, headers={"WWW-Authenticate": challenge})


ANY = Strength()
