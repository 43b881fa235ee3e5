"""One conversation of our adapter, through a vendor's own client, with a cloud: what is recorded, and replayed by tests.

Usage: python -m queuebit_workbench.clouds.spoken ibm|braket|leap|qrmi FILE
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from queuebit_circuits.circuit import Bound, Circuit, Gate, Measure, Register
from queuebit_quantum_adapter.ports import Provider, Request, Spins
from queuebit_workbench.clouds.http import Asked, Reply
from queuebit_workbench.clouds.recorded import Exchange, Recorder, Replay, encoded

KEY = UUID(int=7)
BELL = Circuit(2, (Register("c", 2),), (Gate("h", (0,)), Gate("cx", (0, 1)), Measure(0, 0), Measure(1, 1)))
REQUEST = Request((Bound(BELL),), (1,), 50)
PAIR = Request((), (1,), 50, spins=Spins(2, ((0, 0.5),), ((0, 1, 0.5),)))
IDENTITY = "/identity/token"
WAIT_S = 60.0
DEVICE, ANNEALER = "fake_manila", "Loopback_clique"


@dataclass(frozen=True, slots=True)
class Vendor:
    """`opened`: the adapter's provider, led by the environment to a cloud or to a recording of one. `record`: starts a cloud
    with a recorder before it; the recorder, the addresses of the cloud, the environment that leads there, and what ends it.
    `env_at`: that environment for a replay. `request`: what is handed in.
    """

    opened: Callable[[], Provider]
    record: Callable[[], tuple[Recorder, tuple[str, ...], Mapping[str, str], Callable[[], None]]]
    env_at: Callable[[str], dict[str, str]]
    request: Request = REQUEST


def conversation(vendor: Vendor) -> dict[str, Any]:
    """Every verb of the port once, in the order of a submission; what came of it, without what only this run can say."""
    provider, request = vendor.opened(), vendor.request
    told = provider.capabilities()
    provider.preflight(request)
    fence = provider.fence(KEY)
    job = provider.submit(request, KEY, fence)
    found = provider.reconcile(KEY, fence)
    if fence is not None:
        provider.close(fence)
    until_s, poll = time.monotonic() + WAIT_S, provider.poll(job)
    while not poll.state.final and time.monotonic() < until_s:
        time.sleep(0.05)
        poll = provider.poll(job)
    result = provider.result(job)
    provider.cancel(job)
    return {
        "backend": [told.backend, told.qubits_max, told.calibrated_at],
        "found": list(found) == [job],
        "state": poll.state.value,
        "counts": [{f"{bits:02b}": count for bits, count in counts.items()} for counts in result.counts],
        "usage": dict(result.record["usage"]),
    }


def replayed(exchanges: Iterable[Exchange]) -> Replay:
    """The recording as a cloud that lets everybody in."""
    return Replay(exchanges, {IDENTITY: _let_in})


def _let_in(_: Asked) -> Reply:
    from queuebit_workbench.clouds.ibm.routes import token

    return Reply(*token())


def _ibm() -> Provider:
    from queuebit_quantum_adapter.providers.ibm.provider import IbmProvider

    return IbmProvider(backend=DEVICE, lag_s=1.0, deadline_s=20.0)


def _record_ibm() -> tuple[Recorder, tuple[str, ...], Mapping[str, str], Callable[[], None]]:
    from queuebit_workbench.clouds.ibm.server import started

    server = started(DEVICE)
    server.record = recorder = Recorder(server.record, unheard=(IDENTITY,))
    return recorder, (server.url,), server.env(), server.close


def _env_of_ibm(url: str) -> dict[str, str]:
    from queuebit_workbench.clouds.ibm.server import env_at

    return env_at(url)


def _braket() -> Provider:
    from queuebit_quantum_adapter.providers.braket.provider import BraketProvider
    from queuebit_workbench.clouds.braket.execution import SIMULATOR
    from queuebit_workbench.clouds.braket.server import BUCKET

    return BraketProvider(device=SIMULATOR, bucket=BUCKET, prefix="t", lag_s=1.0, deadline_s=20.0)


def _record_braket() -> tuple[Recorder, tuple[str, ...], Mapping[str, str], Callable[[], None]]:
    from queuebit_workbench.clouds.braket.server import started

    server = started()
    recorder = Recorder(server.record)
    server.record, server.record_object = recorder, recorder.also(server.record_object)
    return recorder, (server.url, server.env()["AWS_ENDPOINT_URL"]), server.env(), server.close


def _env_of_braket(url: str) -> dict[str, str]:
    from queuebit_workbench.clouds.braket.server import env_at

    return env_at(url, url)


def _leap() -> Provider:
    from queuebit_quantum_adapter.annealers import Annealed
    from queuebit_quantum_adapter.providers.leap.provider import LeapAnnealer

    return Annealed(LeapAnnealer(solver=ANNEALER, spins_max=20, lag_s=1.0, deadline_s=20.0))


def _record_leap() -> tuple[Recorder, tuple[str, ...], Mapping[str, str], Callable[[], None]]:
    from queuebit_workbench.clouds.leap.server import started

    server = started()
    server.record = recorder = Recorder(server.record)
    return recorder, (server.url,), server.env(), server.close


def _env_of_leap(url: str) -> dict[str, str]:
    from queuebit_workbench.clouds.leap.server import env_at

    return env_at(url, (ANNEALER,))


def _qrmi() -> Provider:
    from queuebit_quantum_adapter.providers.qrmi.provider import QrmiProvider

    return QrmiProvider(resource=DEVICE, lag_s=1.0, deadline_s=20.0)


def _record_qrmi() -> tuple[Recorder, tuple[str, ...], Mapping[str, str], Callable[[], None]]:
    recorder, urls, _, close = _record_ibm()
    return recorder, urls, _env_of_qrmi(urls[0]), close


def _env_of_qrmi(url: str) -> dict[str, str]:
    from queuebit_workbench.clouds.ibm.server import env_of_qrmi_at

    return env_of_qrmi_at(url, DEVICE)


VENDORS: Mapping[str, Vendor] = {
    "ibm": Vendor(_ibm, _record_ibm, _env_of_ibm),
    "braket": Vendor(_braket, _record_braket, _env_of_braket),
    "leap": Vendor(_leap, _record_leap, _env_of_leap, PAIR),
    "qrmi": Vendor(_qrmi, _record_qrmi, _env_of_qrmi),
}


def main(arguments: list[str]) -> int:
    """Record one into a file; returns the exit code."""
    if len(arguments) != 2 or arguments[0] not in VENDORS:
        sys.stderr.write(__doc__ or "")
        return 2
    vendor, path = VENDORS[arguments[0]], Path(arguments[1])
    recorder, urls, env, close = vendor.record()
    os.environ.update(env)
    told = conversation(vendor)
    close()
    path.write_text(encoded(recorder.exchanges, urls, told))
    sys.stdout.write(f"{len(recorder.exchanges)} exchanges are in {path}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
