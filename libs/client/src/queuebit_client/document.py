"""The one JSON document that `submit --wait --json` and `run --json` print."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel

_FIELDS = (
    "state", "kind", "tier", "lane", "answer", "objective", "bound", "gap", "proven_optimal", "verdict", "confidence",
    "ran", "cost", "usage", "elapsed_s", "reasons", "failure", "rejection", "cancellation",
    "suspect", "parent", "supersedes", "superseded", "created_at", "updated_at",
)  # fmt: skip


def document_of(job: BaseModel | Mapping[str, Any]) -> dict[str, Any]:
    """The outcome of a job, from the client's Job, the gateway's job view, or either as JSON.

    Always all fields: `id`, then those of the job view; null where there is nothing. `confidence` is the number from 0 to
    1, with its parts in `confidence_parts`. `plan` is the name of the plan, `sense` which objective is better, `chosen_leg`
    whose answer it is. `attempts` is what the legs did, each with its evidence: what `queuebit report` is made of.
    """
    view: Mapping[str, Any] = job if isinstance(job, Mapping) else job.model_dump(mode="json")
    document = {"id": str(view["id"]), **{name: view.get(name) for name in _FIELDS}}
    confidence = view.get("confidence")
    document["confidence"] = confidence["value"] if confidence else None
    document["confidence_parts"] = confidence["parts"] if confidence else []
    document["reasons"] = list(view.get("reasons") or ())
    document["held"] = list(view.get("held") or ())
    document["outcomes"] = list(view.get("outcomes") or ())
    document["compensations"] = list(view.get("compensations") or ())
    plan = view.get("plan")
    document["plan"] = plan["name"] if plan else None
    document["sense"] = plan.get("sense") if plan else None
    legs = plan["legs"] if plan else ()
    document["chosen_leg"] = next((leg["leg"] for leg in legs if leg["chosen"]), None)
    document["attempts"] = list(view.get("attempts") or ())
    return document


def is_accepted(document: Mapping[str, Any]) -> bool:
    """Whether the document holds an accepted answer: what exit code 0 stands for."""
    return (document["state"], document["verdict"]) == ("completed", "accepted")
