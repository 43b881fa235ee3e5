"""Wires the gateway."""

from __future__ import annotations

from queuebit_gateway.auth import Authenticator
from queuebit_gateway.cursors import Cursors
from queuebit_gateway.jobs import Jobs
from queuebit_gateway.limits import RATES, Limiter, Rate, RouteClass
from queuebit_gateway.parts import Parts
from queuebit_gateway.submit import Submitter
from queuebit_gateway.tail import POLL_INTERVAL_S, Tailer
from queuebit_runtime.bus import Bus
from queuebit_runtime.clock import Clock
from queuebit_runtime.ids import Ids
from queuebit_store.ports import Directory, StreamStore


def build_parts(
    store: StreamStore,
    directory: Directory,
    bus: Bus,
    *,
    pepper: bytes,
    clock: Clock,
    ids: Ids,
    rates: dict[RouteClass, Rate] = RATES,
    poll_interval_s: float = POLL_INTERVAL_S,
) -> Parts:
    """The parts of a gateway over these ports; `create_app` makes the ASGI app of them."""
    jobs = Jobs(store)
    return Parts(
        authenticator=Authenticator(directory, pepper, clock),
        limiter=Limiter(rates),
        jobs=jobs,
        submitter=Submitter(store, bus, jobs, clock, ids),
        tailer=Tailer(store, clock, poll_interval_s=poll_interval_s),
        cursors=Cursors(pepper),
        clock=clock,
        ids=ids,
    )
