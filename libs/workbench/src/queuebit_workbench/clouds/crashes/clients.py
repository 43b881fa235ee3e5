"""The clients whose submissions are crashed: their clouds, what goes wrong there, and the ways in which they are used."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from queuebit_circuits.circuit import Bound, Circuit, Gate, Measure, Register
from queuebit_quantum_adapter.ports import Request, Spins
from queuebit_workbench.clouds.crashes.ways import Way

Name = Literal["ibm", "braket", "leap", "qrmi"]
LAG_S, QUEUE_S = 0.3, 0.1
STRAY_S = 2.0
SWEPT = {"sweep_s": 0.0, "stray_s": STRAY_S}
CIRCUIT = Circuit(1, (Register("c", 1),), (Gate("rx", (0,), (), (0,)), Measure(0, 0)), 1)
ANSWERED_LATE_S = 3.0
"""Longer than the deadline of a request."""


def a_circuit(number: int, share: float) -> Request:
    """One circuit with an angle of its own."""
    return Request((Bound(CIRCUIT, (share,)),), (number,), 16)


def two_spins(number: int, share: float) -> Request:
    """Two spins with a field of their own."""
    return Request((), (number,), 16, spins=Spins(2, ((0, share),), ((0, 1, 0.5),)))


@dataclass(frozen=True, slots=True)
class Client:
    """`cloud`: the module that is its cloud, with its arguments; `url`: the variable that says where that is. `posts` are where
    it submits, `others` other requests whose answers are lost now and then. `jobs`: the key of each job that was accepted, and
    its state there; `prefix`: what the cloud knows keys under. `request`: what the one with this number hands in, which is at
    this share of all. `kill_every_s`: how often a worker is killed by the clock, on average: longer than it takes to begin.
    `batched`: whether nothing is taken outside a batch.
    """

    cloud: tuple[str, ...]
    url: str
    backend: str
    provider: str
    options: Mapping[str, Any]
    ways: tuple[Way, ...]
    posts: str
    others: tuple[tuple[str, str, float], ...]
    jobs: Callable[[Mapping[str, Any]], Iterable[tuple[str, str]]]
    behaviour: Mapping[Way, Mapping[str, Any]] = field(default_factory=dict)
    request: Callable[[int, float], Request] = a_circuit
    kill_every_s: float = 2.0
    batched: bool = False
    prefix: str = "queuebit:"

    def orders(self, way: Way, held: Iterable[UUID] = ()) -> dict[str, Any]:
        """What the cloud is told before the work begins. `held`: the keys that it keeps waiting until they are cancelled."""
        at: dict[str, Any] = {"method": "POST", "path": self.posts, "times": None}
        faults = [
            {**at, "when": "before", "status": 503, "share": 0.05},
            {**at, "when": "before", "drop": True, "share": 0.05},
            {**at, "when": "before", "hang_s": ANSWERED_LATE_S, "share": 0.02},
            {**at, "when": "after", "status": 503, "share": 0.08},
            {**at, "when": "after", "drop": True, "share": 0.07},
            *(
                {"method": method, "path": path, "when": "after", "drop": True, "times": None, "share": share}
                for method, path, share in self.others
            ),
        ]
        kept = [f"{self.prefix}{key}" for key in held]
        behaviour = {"lag_s": LAG_S, "queue_s": QUEUE_S, "held": kept, **self.behaviour.get(way, {})}
        return {"faults": faults, "behaviour": behaviour}

    def accepted(self, told: Mapping[str, Any]) -> dict[str, list[str]]:
        """The states of all jobs that the cloud accepted, by key."""
        found: dict[str, list[str]] = {}
        for key, state in self.jobs(told):
            found.setdefault(key.removeprefix(self.prefix), []).append(state.upper())
        return found


def _of_ibm(told: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    return ((job["key"], job["status"]) for job in told["jobs"])


def _of_braket(told: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    return ((task["tags"]["queuebit"], task["status"]) for task in told["tasks"])


def _of_leap(told: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    return ((problem["label"], problem["status"]) for problem in told["problems"])


SV1 = "arn:aws:braket:::device/quantum-simulator/amazon/sv1"
CLIENTS: Mapping[Name, Client] = {
    "ibm": Client(
        cloud=("queuebit_workbench.clouds.ibm", "fake_manila"),
        url="IAM_URL",
        backend="fake_manila",
        provider="queuebit_quantum_adapter.providers.ibm.provider:IbmProvider",
        options={"backend": "fake_manila", "lag_s": 1.0, "deadline_s": 2.0, **SWEPT},
        ways=("fence", "search", "control"),
        posts="/experimental/jobs",
        others=(
            ("POST", "/experimental/sessions", 0.03),
            ("GET", "/experimental/jobs.*", 0.01),
            ("POST", ".*/cancel", 0.2),
        ),
        jobs=_of_ibm,
    ),
    "braket": Client(
        cloud=("queuebit_workbench.clouds.braket",),
        url="AWS_ENDPOINT_URL_BRAKET",
        backend="braket_sv1",
        provider="queuebit_quantum_adapter.providers.braket.provider:BraketProvider",
        options={
            "device": SV1,
            "bucket": "amazon-braket-loopback",
            "prefix": "crashes",
            "lag_s": 1.0,
            "deadline_s": 2.0,
        },
        ways=("token", "forgotten", "control"),
        posts="/quantum-task",
        others=(("GET", "/quantum-task/.*", 0.01), ("POST", "/quantum-tasks", 0.05), ("PUT", ".*/cancel", 0.2)),
        jobs=_of_braket,
        prefix="",
        behaviour={"forgotten": {"token_s": 0.0}, "control": {"token_s": 0.0}},
    ),
    "leap": Client(
        cloud=("queuebit_workbench.clouds.leap",),
        url="DWAVE_API_ENDPOINT",
        backend="leap_loopback_clique",
        provider="queuebit_quantum_adapter.providers.leap.provider:open_provider",
        options={"solver": "Loopback_clique", "spins_max": 20, "lag_s": 1.0, "deadline_s": 2.0},
        ways=("label", "control"),
        posts="/problems/",
        others=(("GET", "/problems/.*", 0.03), ("DELETE", "/problems/.*", 0.2)),
        jobs=_of_leap,
        request=two_spins,
    ),
    "qrmi": Client(
        cloud=("queuebit_workbench.clouds.ibm", "fake_manila"),
        url="IAM_URL",
        backend="qrmi_fake_manila",
        provider="queuebit_quantum_adapter.providers.qrmi.provider:QrmiProvider",
        options={"resource": "fake_manila", "lag_s": 1.0, "deadline_s": 2.0, **SWEPT},
        ways=("fence", "control"),
        posts="/experimental/jobs",
        others=(("POST", "/experimental/sessions", 0.03), ("POST", ".*/cancel", 0.2)),
        jobs=_of_ibm,
        behaviour={"fence": {"queue_s": 1.0}},
        kill_every_s=20.0,
        batched=True,
    ),
}


def opened(client: Client) -> Any:
    """Its provider, by its dotted path: its SDK is imported here."""
    module, _, name = client.provider.partition(":")
    return getattr(importlib.import_module(module), name)(**client.options)
