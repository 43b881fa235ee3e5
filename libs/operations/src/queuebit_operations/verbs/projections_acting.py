"""What the verbs that change projections share: recorded with who and why, told as text or JSON."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from queuebit_operations.verbs import acting as a

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.connections.store import OperatorStore
    from queuebit_operations.projections.building import Filled
    from queuebit_store.projections.port import Build

Apply = Annotated[bool, typer.Option("--apply/--dry-run", help="Do it; else it is only told what would be done.")]


def silent(_filled: Filled) -> None:
    """What is left is read in a moment."""


@asynccontextmanager
async def acting(
    store: OperatorStore, verb: str, arguments: Mapping[str, object], reason: str | None, actor: str | None
) -> AsyncIterator[tuple[Any, Any]]:
    """Record what is done, with who and why, and tell whether it was cancelled meanwhile. Raises BadArgument."""
    import os

    from queuebit_client.cli.output import note
    from queuebit_contracts.ids import uuid7
    from queuebit_operations.bulk.recorded import recorded
    from queuebit_operations.bulk.store import Operations
    from queuebit_operations.connections.clock import store_time
    from queuebit_operations.errors import BadArgument

    if not reason:
        raise BadArgument("A reason is needed to act.", remedy="Say why: --reason 'text'")
    clock = await store_time(store)
    operation_id = uuid7(int(clock.now().timestamp() * 1000), int.from_bytes(os.urandom(9)))

    async def cancelled() -> bool:
        return (await Operations(store, clock).load(operation_id)).state == "cancelled"

    who = a.actor_or_user(actor)
    async with recorded(store, clock, operation_id, verb, arguments, actor=who, reason=reason) as deed:
        note(f"{verb}: recorded as the operation {operation_id}.")
        yield deed, cancelled


def would(text: str, about: str, *, as_json: bool) -> ExitCode:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import note, print_json, print_line

    if as_json:
        print_json({"about": about, "would": text, "applied": False})
    else:
        print_line(text)
    note("Nothing was changed. To do it: the same with --apply --reason 'why'")
    return ExitCode.OK


def tell(build: Build, filled: Filled | None, *, as_json: bool, state: str | None = None) -> ExitCode:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import print_json

    if as_json:
        read = {} if filled is None else {"events_read": filled.read, "events_per_s": round(filled.per_s)}
        print_json(
            {"projection": build.name, "build": build.build, "state": state or build.state, "applied": True, **read}
        )
    return ExitCode.OK
