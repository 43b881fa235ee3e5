"""`queuebit ops jobs invalidate`, `rerun`, `cancel` and `recall`: what is done to many jobs at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import bulk as b
from queuebit_operations.verbs import jobs_options as j
from queuebit_operations.verbs.flag_sets import with_flags

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode

_ToBackend = Annotated[
    str | None, typer.Option("--to-backend", help="Ask again on this backend of the lane, and on no other.")
]
_Lane = Annotated[str | None, typer.Option("--lane", help="Ask again on this lane, not on that of before.")]


@with_flags
def invalidate(
    jobs: j.Jobs = None,
    *,
    chosen: j.Answered,
    requeue: Annotated[bool, typer.Option("--requeue", help="Ask the same again, as a job of its own.")] = False,
    lane: _Lane = None,
    to_backend: _ToBackend = None,
    acting: b.Acting,
) -> int:
    """Mark the answers of completed jobs as suspect, by what gave them and when.

    Each job is told of on the topic jobs.invalidated, and shows it from then on; its answer is kept.
    """
    from queuebit_operations.jobs.acting import INVALIDATE
    from queuebit_operations.running import run

    async def work() -> ExitCode:
        from queuebit_operations.errors import BadArgument

        acting.need_reason()
        if not requeue and (lane or to_backend):
            raise BadArgument("--lane and --to-backend say how it is asked again.", remedy="Say --requeue too.")
        more = {"requeue": "yes" if requeue else None, "lane": lane, "to_backend": to_backend}
        return await j.act_on_answered(INVALIDATE, jobs, chosen, acting, more)

    return run(work())


@with_flags
def rerun(
    jobs: j.Jobs = None,
    *,
    chosen: j.Answered,
    suspect: Annotated[bool, typer.Option("--suspect", help="Only those that were invalidated.")] = False,
    lane: _Lane = None,
    to_backend: _ToBackend = None,
    acting: b.Acting,
) -> int:
    """Ask the very same again, each as a job of its own: the same problem, parameters and seed; on the same lane and backend or
    on others.

    What is held waits as always. See what came of it with: queuebit ops jobs compare --operation OPERATION
    """
    from queuebit_operations.jobs.acting import RERUN
    from queuebit_operations.running import run

    more = {"lane": lane, "to_backend": to_backend}
    return run(j.act_on_answered(RERUN, jobs, chosen, acting, more, suspect=suspect))


@with_flags
def cancel(
    jobs: j.Jobs = None,
    *,
    state: Annotated[str | None, typer.Option("--state", help="In this state, such as held.")] = None,
    chosen: j.Waiting,
    acting: b.Acting,
) -> int:
    """Cancel jobs that have not ended, by where they stand. Whoever works for one is told to stop."""
    from queuebit_operations.jobs.acting import CANCEL
    from queuebit_operations.running import run

    return run(j.act_on_waiting(CANCEL, jobs, chosen, state, acting, flags=state is not None))


@with_flags
def recall(jobs: j.Jobs = None, *, chosen: j.Waiting, acting: b.Acting) -> int:
    """Take back work that is out and was not begun, where a hold would stop it now: it waits behind that hold.

    Pause or quarantine first. A hold on a backend takes back what is out on its lane where the lane has no other. Whoever
    takes such an order up meanwhile is told to stop.
    """
    from queuebit_operations.jobs.acting import RECALL
    from queuebit_operations.running import run

    return run(j.act_on_waiting(RECALL, jobs, chosen, "queued", acting, needed=False))


def add(ops: Groups) -> None:
    """Add the verbs."""
    group = ops.group("jobs")
    group.command("invalidate")(invalidate)
    group.command("rerun")(rerun)
    group.command("cancel")(cancel)
    group.command("recall")(recall)
