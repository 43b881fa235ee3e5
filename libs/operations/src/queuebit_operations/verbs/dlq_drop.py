"""`queuebit ops dlq drop`: dead letters that nobody will send again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import bulk as b
from queuebit_operations.verbs import dlq_options as d
from queuebit_operations.verbs.flag_sets import with_flags

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode


@with_flags
def drop(chosen: d.Chosen, acting: b.Acting) -> int:
    """Settle open dead letters without sending them: what they hold stays on their topic until its retention takes it.

    What waits behind a dropped one is not dropped with it, and goes on once it is redriven.
    """
    from queuebit_operations.running import run

    wanted = chosen.wanted()

    async def work() -> ExitCode:
        from queuebit_operations.dead_letters.acting import DROP
        from queuebit_operations.dead_letters.reading import groups_of

        ids: list[str] = []
        acting.need_reason()
        named = groups_of(chosen.group or [], wanted.ids)
        async with d.opened_reader() as reader:
            for name in named:
                ids += [f"{name}:{letter}" for letter in (await reader.shelf(name, wanted)).wanted()]
        return await b.freeze_and_act(DROP, {}, ids, acting, what="dead letters")

    return run(work())


def add(ops: Groups) -> None:
    """Add the verb."""
    ops.group("dlq").command("drop")(drop)
