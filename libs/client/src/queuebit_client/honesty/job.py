"""The report of one job, from its document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from queuebit_client.honesty.numbers import Number, Share, Unknown, better, count, number, same, section
from queuebit_client.honesty.quality import NO_PLACEBO, NO_SAMPLES, NOT_SAMPLED, Quality, quality_of

SAMPLED_LANES = frozenset({"quantum", "simulator"})
OF_THE_MOMENT = frozenset({"backend", "calibration", "history"})
"""Parts of the confidence that depend on when the job ran."""
ANSWERED = frozenset({"accepted", "needs_review"})
NO_ATTEMPTS = "the document tells nothing of the attempts: it was saved by an older client, or the job never ran"

CREDITS: dict[str, str] = {
    "circuit": "the answer is what the circuit itself gave",
    "polish": "repair and local search made the answer, or would have made one as good from random samples",
    "start": "the answer is the quick classical one that the circuits began with",
    "reduction": "the answer follows from the problem before any circuit",
    "baseline": "the classical answer was as good as the sampled one, or better",
    "classical": "only classical ways took part",
    "rule": "the conservative default answer",
}
"""To what a winner is credited."""

BEYOND_CHANCE = {
    True: ", and random samples through the same polish did not do as well",
    False: "; no placebo ran beside it, so chance is not excluded",
}
"""What is added where a circuit gets the credit, by whether a placebo ran."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt, as its document tells, and the quality of its samples."""

    facts: Mapping[str, Any]
    quality: Quality
    raw: Number | None
    placebo: Number | None
    placebo_ran: bool
    placebo_matched: bool | None

    @property
    def lane(self) -> str:
        return str(self.facts.get("lane"))

    @property
    def leg(self) -> str:
        return str(self.facts.get("leg"))

    @property
    def objective(self) -> Number | None:
        return number(self.facts, "objective")

    @property
    def evidence(self) -> Mapping[str, Any]:
        return section(self.facts, "evidence")

    @property
    def answered(self) -> bool:
        return str(self.facts.get("state")) in ANSWERED


def report_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """The honesty report of a job. Two runs of the same job with the same seed agree in all but `job_id` and `circumstances`.

    A number that is not known is null, and `unknown` of the same object says why.
    """
    sense = document.get("sense")
    stated = document.get("attempts")
    listed = [each for each in stated if isinstance(each, Mapping)] if isinstance(stated, list | tuple) else []
    optimum = _optimum(document, listed)
    tried = [_tried(attempt, optimum, sense) for attempt in listed]
    winner = _winner(document, tried)
    return {
        "job_id": document.get("id"),
        "kind": document.get("kind"),
        "plan": document.get("plan"),
        "state": document.get("state"),
        "verdict": document.get("verdict"),
        "sense": sense,
        "objective": document.get("objective"),
        "bound": document.get("bound"),
        "gap": document.get("gap"),
        "proven_optimal": document.get("proven_optimal"),
        "cost": document.get("cost"),
        "winner": winner,
        "outcomes": [each for each in document.get("outcomes") or () if isinstance(each, Mapping)],
        "attempts": [_shown(each) for each in tried],
        "unknown": {} if tried else {"attempts": NO_ATTEMPTS},
        "circumstances": _circumstances(document, listed),
    }


def _optimum(document: Mapping[str, Any], attempts: Sequence[Mapping[str, Any]]) -> Number | None:
    """The objective that is proved to be the best."""
    proved = (number(each, "objective") for each in (document, *attempts) if each.get("proven_optimal") is True)
    return next((objective for objective in proved if objective is not None), None)


def _tried(attempt: Mapping[str, Any], optimum: Number | None, sense: Any) -> Tried:
    evidence = section(attempt, "evidence")
    shots = count(evidence if "shots" in evidence else section(attempt, "usage"), "shots")
    sampled = attempt.get("lane") in SAMPLED_LANES and bool(evidence) and evidence.get("shots") != 0
    quality = quality_of(evidence, shots, optimum, sense) if sampled else NOT_SAMPLED
    objective, placebo = number(attempt, "objective"), number(evidence, "placebo_best")
    ran = "placebo_best" in evidence
    matched = None
    if ran and objective is not None and sense is not None:
        matched = placebo is not None and not better(objective, placebo, sense)
    return Tried(attempt, quality, number(evidence, "best_raw_objective"), placebo, ran, matched)


def _winner(document: Mapping[str, Any], tried: Sequence[Tried]) -> dict[str, Any] | None:
    """Whose answer it is, to what it is credited, and who did as well."""
    if document.get("state") != "completed":
        return None
    chosen = document.get("chosen_leg")
    won = next((each for each in reversed(tried) if each.leg == chosen and each.answered), None)
    if won is None:
        return None
    ran = section(won.facts, "ran")
    tied = [
        each.leg
        for each in tried
        if each is not won
        and each.answered
        and each.objective is not None
        and won.objective is not None
        and same(each.objective, won.objective)
    ]
    credit = _credit(won, tried)
    return {
        "leg": won.leg,
        "role": won.facts.get("role"),
        "lane": won.lane,
        "backend": ran.get("backend"),
        "method": ran.get("method"),
        "credit": credit,
        "why": CREDITS[credit] + (BEYOND_CHANCE[won.placebo_ran] if credit == "circuit" else ""),
        "tied_with": tied,
    }


def _credit(won: Tried, tried: Sequence[Tried]) -> str:
    if won.lane == "rule":
        return "rule"
    if won.lane not in SAMPLED_LANES:
        return "baseline" if any(each.lane in SAMPLED_LANES for each in tried) else "classical"
    source = won.evidence.get("best_source")
    if source in ("start", "reduction"):
        return str(source)
    if won.placebo_matched:
        return "polish"
    if source == "elimination":
        return "circuit"
    if "best_raw_objective" not in won.evidence:
        return "circuit"
    own = won.raw is not None and won.objective is not None and same(won.raw, won.objective)
    return "circuit" if own else "polish"


def _shown(tried: Tried) -> dict[str, Any]:
    """An attempt in the report: what is known, and in `unknown` why the rest is not."""
    facts, evidence = tried.facts, tried.evidence
    ran = section(facts, "ran")
    unknown: dict[str, str] = {}
    quality: dict[str, Any] = {}
    for each in fields(Quality):
        value = getattr(tried.quality, each.name)
        match value:
            case Unknown(why):
                unknown[each.name], quality[each.name] = why, None
            case Share():
                quality[each.name] = asdict(value)
            case _:
                quality[each.name] = round(value, 9)
    if not tried.placebo_ran:
        unknown["placebo_objective"] = NO_SAMPLES if tried.quality is NOT_SAMPLED else NO_PLACEBO
    return {
        "leg": tried.leg,
        "role": facts.get("role"),
        "lane": tried.lane,
        "number": facts.get("number"),
        "state": facts.get("state"),
        "backend": ran.get("backend"),
        "method": ran.get("method"),
        "objective": tried.objective,
        "bound": number(facts, "bound"),
        "gap": number(facts, "gap"),
        "proven_optimal": facts.get("proven_optimal"),
        "shots": count(evidence, "shots"),
        **quality,
        "source": evidence.get("best_source"),
        "raw_objective": tried.raw,
        "placebo_objective": tried.placebo,
        "placebo_matched": tried.placebo_matched,
        "checks": _checks(facts),
        "counts_fingerprint": facts.get("counts_fingerprint"),
        "cost": facts.get("cost"),
        "unknown": unknown,
    }


def _checks(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of the validator's confidence that hold whenever the job runs: the baseline, the tests of a measurement, …"""
    parts = section(facts, "confidence").get("parts")
    named = [part for part in parts if isinstance(part, Mapping)] if isinstance(parts, list | tuple) else []
    return {
        str(part.get("name")): {name: part.get(name) for name in ("value", "weight", "detail")}
        for part in named
        if part.get("name") not in OF_THE_MOMENT
    }


def _circumstances(document: Mapping[str, Any], attempts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What depends on the clock, on the machine and on what came before: times in seconds, and the confidence."""
    return {
        "created_at": document.get("created_at"),
        "elapsed_s": document.get("elapsed_s"),
        "confidence": document.get("confidence"),
        "confidence_parts": document.get("confidence_parts") or [],
        "attempts": [
            {
                "leg": each.get("leg"),
                "number": each.get("number"),
                "queue_s": _between(each.get("queued_at"), each.get("started_at")),
                "run_s": _between(each.get("started_at"), each.get("finished_at")),
                **{name: number(section(each, "usage"), name) for name in ("wall_s", "cpu_s", "qpu_s")},
            }
            for each in attempts
        ],
    }


def _between(start: Any, end: Any) -> float | None:
    try:
        seconds = (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
    except (TypeError, ValueError):
        return None
    return round(max(0.0, seconds), 6)
