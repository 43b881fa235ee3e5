"""A path as one document: every number that its gate used, what is missing for the next stage, and what it is worth."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from queuebit_domain.paths.cohort import path_id_of
from queuebit_domain.paths.gate import BEGINNING, log_odds, log_threshold
from queuebit_domain.paths.judging import WORDS, exhausted, judge
from queuebit_domain.paths.report import name_of
from queuebit_domain.paths.state import Path
from queuebit_domain.paths.value import Further, amount_in, further

BLOCK = 20
"""So many further pairs are weighed."""
COLUMNS = ["path", "stage", "says", "pairs", "wins", "cost", "per win", "owner"]


def row_of(path: Path, now: datetime) -> list[str]:
    """A line of the list."""
    value, currency = path.value, path.registered.budget.currency
    per_win = value.per_win(currency)
    stage = f"{path.stage}{f' {path.percent} %' if path.percent else ''}{', frozen' if path.frozen else ''}"
    return [
        name_of(path.registered.key),
        stage,
        judge(path, now).word,
        str(value.pairs),
        str(value.wins),
        f"{amount_in(value.cost, currency):f} of {path.registered.budget.amount} {currency}",
        "-" if per_win is None else f"{per_win:.4g}",
        path.registered.owner,
    ]


def document_of(path: Path, now: datetime, ahead: int) -> dict[str, Any]:
    """All that is known of a path. `ahead`: how many jobs are still to come that it would answer."""
    registered, value, found = path.registered, path.value, judge(path, now)
    currency = registered.budget.currency
    weighed = _further(path, ahead)
    return {
        "path": name_of(registered.key),
        "id": str(path_id_of(registered.key)),
        "name": registered.name,
        "lane": registered.lane,
        "settings": registered.settings,
        "owner": registered.owner,
        "stage": path.stage,
        "percent": path.percent,
        "answers_percent": path.answers,
        "frozen": None if path.frozen is None else path.frozen.model_dump(mode="json", exclude_none=True),
        "since": path.since.isoformat(),
        "verdict": {
            "word": found.word,
            "why": list(found.why),
            "to_stage": found.to_stage,
            "percent": found.percent,
            "approval": found.approval,
        },
        "exhausted": exhausted(path),
        "pairs": {
            "recorded": path.seq,
            "counted": value.pairs,
            "this_stage": path.done,
            "ties": value.ties,
            "wins": value.wins,
            "epochs": len(path.epochs),
            "drawn": path.gate.seen.taken,
            "eligible": path.gate.seen.eligible,
            "expected": round(path.gate.seen.expected, 3),
        },
        "evidence": [_evidence(path, each) for each in (*BEGINNING, "sample_ratio")],
        "money": {
            "currency": currency,
            "cost": f"{amount_in(value.cost, currency):f}",
            "budget": registered.budget.amount,
            "per_win": value.per_win(currency),
            "value_per_win": None if registered.value_per_win is None else registered.value_per_win.amount,
            "gain": value.gain,
            "further_pairs": None
            if weighed is None
            else {"pairs": BLOCK, "worth": weighed.worth, "price": weighed.price, "pays": weighed.pays},
        },
        "outcomes": {
            "measure": registered.measure,
            "told": value.told,
            "untold": value.untold,
            "path": {name: f"{amount:f}" for name, amount in sorted(value.path_brought.items())},
            "base": {name: f"{amount:f}" for name, amount in sorted(value.base_brought.items())},
        },
        "rollbacks": path.rollbacks,
        "spec": registered.spec.model_dump(mode="json"),
        "digest": path.digest,
    }


def _evidence(path: Path, hypothesis: Any) -> dict[str, Any]:
    odds, needed = log_odds(path.gate, hypothesis), log_threshold(hypothesis, path.registered.spec)
    return {
        "hypothesis": hypothesis,
        "meaning": WORDS[hypothesis],
        "log_e": round(odds, 4),
        "log_threshold": round(needed, 4),
        "odds": round(math.exp(min(odds, 50.0)), 4),
        "shown_after_pairs": path.gate.shown.get(hypothesis),
    }


def _further(path: Path, ahead: int) -> Further | None:
    worth = path.registered.value_per_win
    if worth is None or worth.currency != path.registered.budget.currency:
        return None
    return further(
        path.value,
        worth.currency,
        value_per_win=float(worth.amount),
        min_gain=path.registered.spec.min_gain,
        block=BLOCK,
        ahead=ahead,
    )
