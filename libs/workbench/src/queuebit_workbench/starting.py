"""What `queuebit up` starts: the stack, and what is wanted beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from queuebit_devstack.external import default_data_dir
from queuebit_devstack.stack import Stack
from queuebit_devstack.up import bring_up
from queuebit_workbench.clouds.beside import start_clouds
from queuebit_workbench.observability.beside import services_of, start_watching
from queuebit_workbench.observability.collecting import collect_on, start_collecting
from queuebit_workbench.pausing import pause_everything
from queuebit_workbench.restored import refuse_a_copy


async def start(
    say: Callable[[str], None],
    *,
    brokers: int,
    servers_only: bool,
    foreground: bool,
    http_port: int,
    tls: bool,
    paused: bool,
    clouds: Sequence[str],
    observability: bool,
) -> None:
    """Start what is missing, with the clouds of these names, Prometheus and a collector beside it where they are wanted.

    Services that run already cannot be told of a collector: where they were not, that is said. Raises DevstackError.
    """
    data_dir = default_data_dir()
    collecting = observability and not services_of(data_dir)
    if observability and not collecting:
        await collect_on(data_dir, say)

    async def start_beside(stack: Stack) -> dict[str, str]:
        told = await start_clouds(stack, clouds)
        return told | (await start_collecting(stack, say) if collecting else {})

    await bring_up(
        brokers=brokers,
        servers_only=servers_only,
        foreground=foreground,
        http_port=http_port,
        say=say,
        tls=tls,
        first=pause_everything if paused else None,
        check=refuse_a_copy,
        beside=start_beside if clouds or collecting else None,
        last=(lambda _: start_watching(data_dir, say)) if observability else None,
    )
