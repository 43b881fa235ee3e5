"""A path on one page: what it was, how it was trusted, what was shown, what it brought and cost. The same events, the same
bytes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from queuebit_contracts.canonical import canonical_json
from queuebit_contracts.jobs import Cost
from queuebit_contracts.paths import PathKey
from queuebit_domain.paths.gate import BEGINNING, log_odds, log_threshold
from queuebit_domain.paths.state import Path, Step

STEPS_MAX = 40
"""So many steps a page holds."""


def name_of(key: PathKey) -> str:
    """A path in a word: `maxcut/m/batch@5d1e0c7b9a334f21`."""
    return f"{key.kind}/{key.size_band}/{key.tier}@{key.version}"


def report_of(path: Path, *, actor: str = "", reason: str = "") -> str:
    """The page. With an actor it ends with who gives the path up, and why."""
    registered, value = path.registered, path.value
    spec = registered.spec
    currency = registered.budget.currency
    per_win = value.per_win(currency)
    worth = registered.value_per_win
    lines = [
        f"Path {name_of(registered.key)}: {registered.name}",
        f"Lane {registered.lane}, settings {canonical_json(registered.settings).decode()}, owner {registered.owner}",
        f"Registered {_moment(path.registered_at)}: {registered.reason}",
        f"Gate: clip {spec.clip:g}, margin {spec.margin:g}, least gain {spec.min_gain:g}, up at {spec.alpha_up:g}, harm at"
        f" {spec.alpha_harm:g} and {spec.alpha_sign:g}",
        f"Stands at {path.stage}{f' {path.percent} %' if path.percent else ''}{', frozen' if path.frozen else ''}"
        f" since {_moment(path.since)}, {path.rollbacks} times taken back",
        "",
        f"Pairs {value.pairs}: better by the least gain {value.wins}, ties {value.ties}; in {len(path.epochs)} epochs of this"
        " evidence",
        f"Gain, all of it: {value.gain:.6f}; best pair {-value.best:+.6f}, worst {-value.worst:+.6f}",
        f"Cost {_money(value.cost)} of a budget of {registered.budget.amount} {currency}"
        f"{f'; nobody told that of {value.assumed} pairs, which count at the highest price' if value.assumed else ''}",
        f"Cost of a gain: {'no gain yet' if per_win is None else f'{per_win:.6g} {currency}'}"
        f"{f', worth {worth.amount} {worth.currency}' if worth else ''}",
        *_outcomes(path),
        "",
        "Evidence, as log odds of what they must reach:",
        *(
            f"  {each:<24} {log_odds(path.gate, each):9.3f} of {log_threshold(each, spec):.3f}"
            f"{f'  shown after {path.gate.shown[each]} pairs' if each in path.gate.shown else ''}"
            for each in BEGINNING
        ),
        "",
        "Story:",
        *map(_line, _page(path.history)),
    ]
    if actor:
        lines += ["", f"Given up by {actor}: {reason}"]
    return "\n".join([*lines, f"Evidence digest {digest_of(path)}", ""])


def _outcomes(path: Path) -> list[str]:
    """What acting on the answers brought, where anybody reported it; and by what the gate goes, where that is an outcome."""
    value, measure = path.value, path.registered.measure
    lines = []
    if measure is not None:
        what = "what answers came to in reality" if measure == "outcome_objective" else "what answers brought in money"
        lines.append(f"The gate goes by {what}; of {value.untold} pairs an outcome is missing, and they do not count")
    for currency in sorted({*value.path_brought, *value.base_brought}):
        ours, base = (sums.get(currency, Decimal(0)) for sums in (value.path_brought, value.base_brought))
        lines.append(
            f"Brought in {value.told} pairs of which both outcomes are known: {ours:f} {currency} by the path,"
            f" {base:f} by the classical way, {ours - base:+f} more"
        )
    return lines


def digest_of(path: Path) -> str:
    """The hash of all that happened to the path."""
    return path.digest


def _page(history: tuple[Step, ...]) -> tuple[Step, ...]:
    return history if len(history) <= STEPS_MAX else (*history[: STEPS_MAX // 2], *history[-STEPS_MAX // 2 :])


def _line(step: Step) -> str:
    return f"  {_moment(step.at)}  pair {step.pairs:>4}  {step.what}: {step.why}"


def _money(cost: Cost) -> str:
    further = "".join(f" + {each.amount} {each.currency}" for each in cost.further or ())
    return f"{cost.amount} {cost.currency}{further}"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
