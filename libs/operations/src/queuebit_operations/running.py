"""Runs a verb: whatever goes wrong becomes a sentence on standard error and an exit code."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from queuebit_client.cli.exit_codes import ExitCode
from queuebit_client.cli.output import note
from queuebit_contracts.errors import ContractError, ProblemError
from queuebit_domain.errors import CorruptStream, InvalidPolicy
from queuebit_operations import errors as e
from queuebit_operations.local import local_servers
from queuebit_runtime import errors as bus
from queuebit_store import errors as store

_KINDS: tuple[tuple[type[Exception], ExitCode], ...] = (
    (e.NotThere, ExitCode.NOT_FOUND),
    (e.InConflict, ExitCode.CONFLICT),
    (e.NotAllowed, ExitCode.AUTH),
    (e.Unreachable, ExitCode.UNAVAILABLE),
    (e.OperationsError, ExitCode.USAGE),
    (store.StoreUnavailable, ExitCode.UNAVAILABLE),
    (store.InvalidSettings, ExitCode.USAGE),
    (store.StatementRefused, ExitCode.AUTH),
    (store.SchemaMismatch, ExitCode.CONFLICT),
    (store.StoreError, ExitCode.CONFLICT),
    (bus.LoginRefused, ExitCode.AUTH),
    (bus.AccessDenied, ExitCode.AUTH),
    (bus.ShellError, ExitCode.UNAVAILABLE),
    (ContractError, ExitCode.USAGE),
    (ProblemError, ExitCode.USAGE),
    (CorruptStream, ExitCode.JOB_NOT_ACCEPTED),
    (InvalidPolicy, ExitCode.USAGE),
)
"""The first class that an error is of decides. Anything else is a mistake of ours, and raised on."""


NO_KAFKA = "Try again; check that a broker runs, and QUEUEBIT_KAFKA with its neighbours."


def run(work: Coroutine[Any, Any, ExitCode]) -> ExitCode:
    """Run the verb to its end; SIGINT and SIGTERM cancel it, so that it cleans up."""
    # What its client says of each try is said once, by us.
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())
    try:
        return asyncio.run(_interruptible(work))
    except asyncio.CancelledError:
        note("Interrupted.")
        return ExitCode.INTERRUPTED
    except Exception as error:
        code = next((code for kind, code in _KINDS if isinstance(error, kind)), None)
        if code is None:
            raise
        _tell(error)
        return code


async def _interruptible(work: Coroutine[Any, Any, ExitCode]) -> ExitCode:
    try:
        local = local_servers(os.environ, Path.cwd())
    except BaseException:
        work.close()
        raise
    task = asyncio.current_task()
    assert task is not None
    if threading.current_thread() is threading.main_thread():
        for each in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(each, task.cancel)
    if not local:
        return await work
    os.environ.update(local)
    try:
        return await work
    finally:
        # Whoever called us in a process of his own goes on with what he had.
        for name in local:
            os.environ.pop(name, None)


def _tell(error: Exception) -> None:
    code = getattr(error, "code", None)
    detail = getattr(error, "detail", None) or str(error)
    note(f"Error: {detail}" + (f" ({code})" if code else ""))
    remedy = getattr(error, "remedy", None) or (NO_KAFKA if type(error) is bus.BusError else None)
    if remedy:
        note(f"Remedy: {remedy}")
