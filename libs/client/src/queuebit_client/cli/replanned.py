"""What became of an earlier plan: kept parts, new ones, and those that are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from queuebit_client.cli.output import print_line

if TYPE_CHECKING:
    from queuebit_client.models import Job
    from queuebit_client.synchronous import Queuebit

PARTS_MAX = 20


def changes_of(client: Queuebit, job: Job) -> dict[str, Any] | None:
    """How the answer differs from that of the job that it was kept to; None for a job that was not, or has no answer."""
    try:
        from queuebit_client.replanning import LABEL, changed
    except ImportError:
        # Without the package of problem kinds nobody here knows the parts of a plan; all else of the job is told.
        return None
    from queuebit_contracts.jobs import Problem

    earlier_id = job.labels.get(LABEL)
    if earlier_id is None or job.answer is None:
        return None
    earlier = client.get(earlier_id).answer
    if earlier is None:
        return None
    first = next(client.watch(job.id, compact=False))
    found = changed(Problem.model_validate(first.data["request"]["problem"]), earlier, job.answer)
    if found is None:
        return None
    return {
        "from_job": earlier_id,
        "kept": found.kept,
        "new_count": len(found.new),
        "new": list(found.new[:PARTS_MAX]),
        "gone": list(found.gone[:PARTS_MAX]),
    }


def show_changes(found: dict[str, Any]) -> None:
    """A line for people."""
    print_line(f"plan of {found['from_job']}: {found['kept']} parts kept, {found['new_count']} new")
    for word in ("new", "gone"):
        if found[word]:
            print_line(f"{word}: {', '.join(found[word])}")
