"""What a path is worth, in money: what it cost for each gain, when no gain is to be hoped for, and whether to go on
measuring.

Money is exact until it is compared: sums are kept as decimals, by currency, and only what is compared is of the budget's
currency.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from queuebit_contracts.jobs import Cost
from queuebit_contracts.paths import PathPairRecorded, PathRegistered
from queuebit_domain.job.money import NO_COST, add_cost
from queuebit_domain.paths.outcomes import added

WINDOW: Final = timedelta(days=28)
WINDOWS_TOO_DEAR: Final = 2
"""So many windows in a row may a gain cost more than it is worth."""
NO_WIN_LOOKS: Final = 3.7
"""Without a gain in n pairs the rate of gains is below this over n, with 95 % certainty and however often one looks."""


@dataclass(frozen=True, slots=True)
class Window:
    """Four weeks of a path. `gain`: the sum of what it was better, relative; `wins`: how often by enough."""

    number: int
    pairs: int = 0
    ties: int = 0
    wins: int = 0
    gain: float = 0.0
    cost: Cost = NO_COST

    def per_win(self, currency: str) -> float | None:
        """What one gain cost, in this currency; None where there was none."""
        return float(amount_in(self.cost, currency)) / self.wins if self.wins else None


@dataclass(frozen=True, slots=True)
class Value:
    """A path since it was registered, and its windows, of which the last few are kept. `dearest`: the highest cost of a
    pair. `assumed`: how many pairs cost the highest price, as nobody said what they did. `path_brought`, `base_brought`: what
    acting on the answers of `told` pairs brought, by currency, where that was reported of both; `untold`: pairs that do not
    count as the gate goes by outcomes, and one is missing.
    """

    pairs: int = 0
    ties: int = 0
    wins: int = 0
    gain: float = 0.0
    cost: Cost = NO_COST
    gains_squared: float = 0.0
    dearest: Cost = NO_COST
    assumed: int = 0
    best: float = 0.0
    worst: float = 0.0
    windows: tuple[Window, ...] = ()
    told: int = 0
    untold: int = 0
    path_brought: Mapping[str, Decimal] = field(default_factory=dict)
    base_brought: Mapping[str, Decimal] = field(default_factory=dict)

    def per_win(self, currency: str) -> float | None:
        """What one gain cost so far, in this currency; None where there was none."""
        return float(amount_in(self.cost, currency)) / self.wins if self.wins else None


@dataclass(frozen=True, slots=True)
class Further:
    """Whether further pairs are worth their price: both numbers, in the budget's currency."""

    worth: float
    price: float

    @property
    def pays(self) -> bool:
        return self.worth > self.price


def amount_in(cost: Cost, currency: str) -> Decimal:
    """What of a cost is in this currency."""
    own = Decimal(cost.amount) if cost.currency == currency else Decimal(0)
    return own + sum((Decimal(each.amount) for each in cost.further or () if each.currency == currency), Decimal(0))


def foreign(cost: Cost, currency: str) -> bool:
    """Whether some of a cost is in another currency."""
    others = (each for each in cost.further or () if each.currency != currency)
    return any(Decimal(each.amount) for each in others) or (cost.currency != currency and Decimal(cost.amount) != 0)


def charged(pair: PathPairRecorded, registered: PathRegistered) -> Cost:
    """What a pair costs the budget. Where a quantum backend does not say, it is the highest price of an attempt: it may have
    been, and a budget that nothing is taken from bounds nothing.
    """
    price = registered.price_max
    silent = not Decimal(pair.cost.amount) and not pair.cost.further
    if price is None or registered.lane != "quantum" or not silent:
        return pair.cost
    return Cost(amount=price.amount, currency=price.currency)


def valued(value: Value, pair: PathPairRecorded, registered: PathRegistered, since: datetime) -> Value:
    """The value after one more pair; `since` is when the path was registered. What is not counted costs, and brings nothing
    new.
    """
    spec, cost = registered.spec, charged(pair, registered)
    number = max(0, (pair.planned_at - since) // WINDOW)
    before = value.windows[-1] if value.windows and value.windows[-1].number == number else Window(number)
    window = replace(before, cost=add_cost(before.cost, cost))
    after = replace(
        value,
        cost=add_cost(value.cost, cost),
        dearest=_dearer(value.dearest, cost),
        assumed=value.assumed + (cost is not pair.cost),
        untold=value.untold + (pair.missing is not None),
    )
    if pair.path_brought and pair.base_brought:
        after = replace(
            after,
            told=value.told + 1,
            path_brought=added(value.path_brought, pair.path_brought),
            base_brought=added(value.base_brought, pair.base_brought),
        )
    if pair.counted:
        gain = max(0.0, min(-pair.difference, spec.clip)) if pair.path_ok else 0.0
        win, tie = gain >= spec.min_gain, pair.difference == 0
        window = replace(
            window,
            pairs=window.pairs + 1,
            ties=window.ties + tie,
            wins=window.wins + win,
            gain=window.gain + gain,
        )
        after = replace(
            after,
            pairs=after.pairs + 1,
            ties=after.ties + tie,
            wins=after.wins + win,
            gain=after.gain + gain,
            gains_squared=after.gains_squared + gain * gain,
            best=min(after.best, pair.difference),
            worst=max(after.worst, pair.difference),
        )
    kept = value.windows[:-1] if before.number == (value.windows[-1].number if value.windows else -1) else value.windows
    return replace(after, windows=(*kept, window)[-(WINDOWS_TOO_DEAR + 1) :])


def no_win_to_hope_for(pairs: int, wins: int, cost: float, value_per_win: float) -> bool:
    """Whether so many pairs without a gain bound the rate of gains so far down that one costs more than it is worth."""
    if wins or pairs == 0 or cost <= 0:
        return False
    return pairs > NO_WIN_LOOKS * value_per_win / (cost / pairs)


def too_dear(value: Value, currency: str, value_per_win: float, now: datetime, since: datetime) -> bool:
    """Whether in the last windows that are over, so many in a row, a gain cost more than it is worth: or cost, without a
    gain.
    """
    current = (now - since) // WINDOW
    over = [window for window in value.windows if window.number < current][-WINDOWS_TOO_DEAR:]
    if len(over) < WINDOWS_TOO_DEAR or over[-1].number - over[0].number != WINDOWS_TOO_DEAR - 1:
        return False
    return all(_dear(window, currency, value_per_win) for window in over)


def further(
    value: Value, currency: str, *, value_per_win: float, min_gain: float, block: int, ahead: int
) -> Further | None:
    """What the next `block` pairs are worth, where `ahead` jobs are still to come that a good path would answer.

    The normal approximation for the mean of what a job brings, gain less cost: pairs are worth what they may change of the
    decision between taking the path and leaving it. None before there are enough pairs to say.
    """
    n = value.pairs
    if n < 2 or block < 1:
        return None
    cost = float(amount_in(value.cost, currency)) / n
    of_gain = value_per_win / min_gain
    mean_gain = value.gain / n
    mean = of_gain * mean_gain - cost
    variance = max(0.0, value.gains_squared / n - mean_gain * mean_gain) * n / (n - 1)
    spread = of_gain * math.sqrt(variance) * math.sqrt(block / (n * (n + block)))
    hoped = _positive_part(mean, spread) - max(0.0, mean)
    return Further(worth=ahead * hoped, price=block * cost)


def _dearer(one: Cost, other: Cost) -> Cost:
    return other if amount_in(other, other.currency) > amount_in(one, other.currency) else one


def _positive_part(mean: float, spread: float) -> float:
    """The mean of what is positive of a normal variable."""
    if spread <= 0:
        return max(0.0, mean)
    z = mean / spread
    density = math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    return mean * 0.5 * math.erfc(-z / math.sqrt(2)) + spread * density


def _dear(window: Window, currency: str, value_per_win: float) -> bool:
    per_win = window.per_win(currency)
    return amount_in(window.cost, currency) > 0 if per_win is None else per_win > value_per_win
