"""What an agent may do, decided purely: nothing but reading unless it was allowed, and never beyond the bounds."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal

from queuebit_client.models import DryRun

WINDOW_S = 60.0
SUBMISSIONS_PER_MINUTE = 10


class NotAllowed(Exception):
    """The agent may not do this. The text says what would have to be allowed, by whoever started the server."""

    transient = False


@dataclass(frozen=True, slots=True)
class Allowance:
    """`spend`: it may submit and cancel. `hardware`: also where quantum hardware may answer. `cost_max`: what all its
    submissions may cost together, in `currency`.
    """

    spend: bool = False
    hardware: bool = False
    cost_max: Decimal = Decimal(0)
    currency: str = "USD"
    submissions_per_minute_max: int = SUBMISSIONS_PER_MINUTE


@dataclass(slots=True)
class Ledger:
    """What was submitted so far. The same key a second time is the same job: it costs nothing and counts for nothing."""

    allowance: Allowance
    spent: Decimal = Decimal(0)
    _keys: set[str] = field(default_factory=set)
    _at_s: deque[float] = field(default_factory=deque)

    def check(self, key: str, plan: DryRun, now_s: float) -> None:
        """Raises NotAllowed where the job of this key must not be submitted now."""
        if key in self._keys:
            return
        lanes = {leg.lane for leg in plan.plan.legs}
        if "quantum" in lanes and not self.allowance.hardware:
            raise NotAllowed(
                "Quantum hardware may answer this job, and this server was started without --allow-hardware. "
                "Ask for the lane simulator or classical."
            )
        amount, currency = plan.cost.amount, plan.cost.currency
        if amount is not None and Decimal(amount) > 0:
            if currency != self.allowance.currency:
                raise NotAllowed(f"It costs {amount} {currency}, and --cost-max is in {self.allowance.currency}.")
            if self.spent + Decimal(amount) > self.allowance.cost_max:
                raise NotAllowed(
                    f"It costs {amount} {currency}; {self.spent} were spent, and --cost-max is {self.allowance.cost_max}."
                )
        while self._at_s and self._at_s[0] <= now_s - WINDOW_S:
            self._at_s.popleft()
        if len(self._at_s) >= self.allowance.submissions_per_minute_max:
            wait_s = self._at_s[0] + WINDOW_S - now_s
            raise NotAllowed(
                f"{len(self._at_s)} jobs were submitted within a minute, as many as --submissions-per-minute-max allows. "
                f"Wait {wait_s:.0f} s."
            )

    def take(self, key: str, plan: DryRun, now_s: float) -> None:
        """The job was submitted."""
        if key not in self._keys:
            self._keys.add(key)
            self._at_s.append(now_s)
            self.spent += Decimal(plan.cost.amount or 0)


def needs_a_person(plan: DryRun) -> bool:
    """Whether somebody must agree first: where it costs something, or nobody knows what."""
    return plan.cost.amount is None or Decimal(plan.cost.amount) > 0


def question_of(plan: DryRun) -> str:
    """What the person is asked: the target and the cost, by name. The same for the same plan."""
    where = ", then ".join(f"{leg.leg} on the lane {leg.lane}" for leg in plan.plan.legs)
    amount = "not known beforehand" if plan.cost.amount is None else f"{plan.cost.amount} {plan.cost.currency}"
    return (
        f"Submit a {plan.kind} job ({plan.size.get('variables', '?')} variables)? Target: {where}. Cost: {amount}. "
        f"{plan.cost.detail}"
    )
