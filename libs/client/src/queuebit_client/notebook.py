"""How a notebook shows what the server said: a table that reads without styles, and the same as text. Everything is escaped.

The models show themselves by these functions, so that they take any object with the attributes of a model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Any

ANSWER_CHARACTERS_MAX = 400
LINES_MAX = 200
Rows = Sequence[tuple[str, Any]]


def of_job(job: Any) -> dict[str, str]:
    """A job: how it stands, what its answer is worth, who ran."""
    confidence = job.confidence
    parts = "" if confidence is None else ", ".join(f"{each.name} {each.value:.3g}" for each in confidence.parts)
    said = job.failure or job.rejection
    rows: Rows = [
        ("state", job.state),
        ("verdict", job.verdict),
        ("objective", job.objective),
        ("bound", job.bound),
        ("gap", None if job.gap is None else f"{job.gap:.3g}"),
        ("proved optimal", True if job.proven_optimal else None),
        ("confidence", None if confidence is None else f"{confidence.value:.3g}{f' ({parts})' if parts else ''}"),
        ("ran", None if job.ran is None else f"{job.ran.method} on {job.ran.backend} ({job.ran.lane} lane)"),
        ("cost", f"{job.cost.amount} {job.cost.currency}" if job.cost.amount != "0" else None),
        ("seconds", None if job.elapsed_s is None else f"{job.elapsed_s:.3g}"),
        ("failed", None if said is None else f"{said.code}: {said.detail} {said.remedy}"),
        ("why", "; ".join(job.reasons) or None),
        ("so far", None if job.ended or job.progress is None else _so_far(job.progress)),
        ("answer", None if job.answer is None else _short(str(job.answer))),
    ]
    return _bundle(f"Job {job.id}: {job.kind}", _known(rows))


def of_result(job: Any) -> dict[str, str]:
    """The answer of a job, a line for each of its parts, and what ran for it."""
    usage = job.usage
    rows: Rows = [
        *((name, _short(str(value))) for name, value in list(job.answer.items())[:LINES_MAX]),
        ("objective", job.objective),
        ("ran", None if job.ran is None else f"{job.ran.method} on {job.ran.backend} ({job.ran.lane} lane)"),
        ("shots", usage.shots or None),
        ("cost", f"{job.cost.amount} {job.cost.currency}" if job.cost.amount != "0" else None),
    ]
    return _bundle(f"Result of {job.id}: {job.kind}", _known(rows))


def of_verdict(job: Any) -> dict[str, str]:
    """What an answer is worth: a line for each number, for each part of the confidence, and for each reason."""
    parts = () if job.confidence is None else job.confidence.parts
    rows: Rows = [
        ("objective", job.objective),
        ("bound", job.bound),
        ("gap", None if job.gap is None else f"{job.gap:.3g}"),
        ("proved optimal", True if job.proven_optimal else None),
        ("confidence", None if job.confidence is None else f"{job.confidence.value:.3g}"),
        *(
            (f"· {each.name}", f"{each.value:.3g}, weight {each.weight:g}: {each.detail}".rstrip(": "))
            for each in parts
        ),
        *_shares(job.shares),
        *(("why", each) for each in job.reasons[:LINES_MAX]),
    ]
    return _bundle(f"Verdict on {job.id}: {job.verdict}", _known(rows))


def _shares(shares: Any) -> Iterator[tuple[str, str]]:
    """What the objective is made of, where the job was asked for with it."""
    if shares is None:
        return
    for part in shares.parts:
        named = ", ".join(f"{term.name} {term.amount:g}" for term in part.terms)
        others = part.count - len(part.terms)
        yield f"· {part.name}", f"{part.amount:g}: {named}{f', {others} others {part.others:g}' if others else ''}"
    for room in shares.rooms:
        yield f"· {room.name}", f"{room.left:g} left of {room.limit:g}"


def of_plan(plan: Any) -> dict[str, str]:
    """A plan: its rule, and a line a leg."""
    rows = [("rule", f"{plan.rule}, policy {plan.policy_version}")]
    rows += [
        (f"{leg.leg}{' (answers)' if leg.chosen else ''}", f"{leg.role}, {leg.lane}, {leg.state}: {leg.reason}")
        for leg in plan.legs
    ]
    return _bundle(f"Plan {plan.name}", rows)


def of_explanation(found: Any) -> dict[str, str]:
    """An explanation: the outcome in a sentence, then the story in order."""
    shown = found.timeline[:LINES_MAX]
    rows = [(f"{each.since_start_s:.3f} s", each.text) for each in shown]
    if len(found.timeline) > len(shown):
        rows.append(("…", f"and {len(found.timeline) - len(shown)} more"))
    return _bundle(found.summary, rows)


def _so_far(progress: Any) -> str:
    numbers = (("objective", progress.objective), ("bound", progress.bound), ("gap", progress.gap))
    said = [f"{name} {value:.6g}" for name, value in numbers if value is not None]
    return f"{', '.join(said) or progress.detail or progress.leg} after {progress.elapsed_s:.3g} s"


def _known(rows: Rows) -> Rows:
    return [(name, value) for name, value in rows if value is not None]


def _bundle(title: str, rows: Iterable[tuple[str, Any]]) -> dict[str, str]:
    listed = [(name, str(value)) for name, value in rows]
    wide = max((len(name) for name, _ in listed), default=0)
    text = "\n".join([title, *(f"  {name:<{wide}}  {value}" for name, value in listed)])
    cells = "".join(
        f'<tr><th scope="row" style="text-align:left">{escape(name)}</th><td style="text-align:left">{escape(value)}</td></tr>'
        for name, value in listed
    )
    caption = f'<caption style="text-align:left">{escape(title)}</caption>'
    return {"text/plain": text, "text/html": f"<table>{caption}<tbody>{cells}</tbody></table>"}


def _short(text: str) -> str:
    return text if len(text) <= ANSWER_CHARACTERS_MAX else f"{text[:ANSWER_CHARACTERS_MAX]} … ({len(text)} characters)"
