"""How the interpreter is set up for a process that lives long."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

YOUNG_MAX: Final = 250_000
"""So many containers more than before wake the collector: more than two batches of messages and the jobs in flight have, so
that load alone does not, and some tens of megabytes of cycles at most.
"""


def calm_collector() -> None:
    """What was imported stays for ever: the garbage collector need not walk it again, and batches of short-lived messages,
    which hold no cycles, need not wake it every few hundred objects. With the defaults it took 40 % of the control plane.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_MAX, 20, 100)


def plain_reads() -> None:
    """Have the fields of models read like those of any object. pydantic looks for private and further fields behind each, by a
    hook for which every read of every model pays four times: hundreds a job. Only models that are there and have neither do
    without it from now on. Repeatable.
    """
    hook = vars(BaseModel).get("__getattr__")
    if hook is None:
        return

    def keep(model: type[BaseModel], /, **rest: Any) -> None:
        super(BaseModel, model).__init_subclass__(**rest)
        if "__getattr__" not in vars(model):
            model.__getattr__ = hook  # type: ignore[attr-defined]

    for model in _below(BaseModel):
        if model.__private_attributes__ or model.model_config.get("extra") == "allow":
            keep(model)
    BaseModel.__init_subclass__ = classmethod(keep)  # type: ignore[assignment]
    del BaseModel.__getattr__  # type: ignore[attr-defined]


def _below(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for each in type.__subclasses__(model):
        yield each
        yield from _below(each)


_TOLD: Final = Path("/proc/thread-self/schedstat")


def demanded_s(told: Path = _TOLD) -> float:
    """For how long so far this thread has computed, or waited for a processor to do so: on a machine that others keep busy a
    thread with much to do computes little. Where the system does not tell that, how long the process has computed.
    """
    try:
        computed_ns, waited_ns, _ = told.read_text().split()
        return (int(computed_ns) + int(waited_ns)) / 1e9 or time.process_time()
    except (OSError, ValueError):
        return time.process_time()


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where it is."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
