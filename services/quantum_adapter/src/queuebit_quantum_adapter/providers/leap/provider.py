"""One quantum annealer of Leap. Imported in worker processes only.

A submission is one problem, and its key the problem's label. Leap knows no token of ours and has no fence: a lost answer is
searched for by its label, and a POST that comes after the search is found by the late look alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import version
from typing import Any
from uuid import UUID

from dwave.cloud.api import models  # type: ignore[import-untyped]

from queuebit_quantum_adapter.annealers import Annealed, Annealing, Samples
from queuebit_quantum_adapter.errors import AnswerUnreadable, NoBackend
from queuebit_quantum_adapter.evidence.port import Hear
from queuebit_quantum_adapter.ports import Capabilities, Poll, Preflight, Recovery, RunState
from queuebit_quantum_adapter.providers.leap.client import Client, label_of
from queuebit_quantum_adapter.providers.leap.offer import name_of
from queuebit_quantum_adapter.providers.leap.problems import ISING, Graph, counted
from queuebit_quantum_adapter.providers.leap.taxonomy import row_of_words

METHOD = "quantum annealing"
STATES = {
    "PENDING": RunState.QUEUED,
    "IN_PROGRESS": RunState.RUNNING,
    "COMPLETED": RunState.SUCCEEDED,
    "FAILED": RunState.FAILED,
    "CANCELLED": RunState.CANCELLED,
}


class LeapAnnealer:
    """One solver of Leap that is a quantum processor."""

    def __init__(self, *, solver: str, spins_max: int, lag_s: float, deadline_s: float) -> None:
        """Raises NoBackend where the account has no such annealer, ProviderUnavailable where nobody answers."""
        self._client = Client(deadline_s)
        self._solver = solver
        self._spins_max = spins_max
        self._lag_s = lag_s + deadline_s
        found = {each["identity"]["name"]: each for each in self._listed()}
        if solver not in found:
            known = ", ".join(sorted(found)) or "none"
            raise NoBackend(
                f"Leap has no annealer {solver[:60]!r} for this account (it has: {known}).",
                remedy="Name one of them in QUEUEBIT_LEAP_SOLVERS.",
                action="reroute",
            )
        self._told = found[solver]
        self._graph = Graph(self._told["properties"])

    def capabilities(self) -> Capabilities:
        return self._capable(self._told)

    def discover(self) -> tuple[Capabilities, ...]:
        others = [self._capable(each) for each in self._listed() if each["identity"]["name"] != self._solver]
        return (self.capabilities(), *others)

    def prepare(self, asked: Annealing) -> Preflight:
        _, divided = self._graph.encoded(asked)
        record = {
            "method": METHOD,
            "noise": name_of(self._solver),
            "solver": dict(self._told["identity"]),
            "divided_by": divided,
            "embedding": {"method": "native", "qubits": self._graph.qubits[: asked.spins.count]},
            "packages": {"dwave-cloud-client": version("dwave-cloud-client")},
        }
        return Preflight(asked.spins.count, cost_at_least=True, record=record)

    def submit(self, asked: Annealing, key: UUID) -> str:
        data, _ = self._graph.encoded(asked)
        problem = models.ProblemJob(
            data=data,
            params={"num_reads": asked.reads, "answer_mode": "histogram", "auto_scale": False},
            solver=self._told["identity"],
            type=ISING,
            label=label_of(key),
        )
        return self._client.submit(problem)

    def poll(self, provider_id: str) -> Poll:
        told = self._client.status(provider_id)
        if told is None:
            return Poll(RunState.UNKNOWN, detail=f"There is no problem {provider_id}.")
        word = str(getattr(told["status"], "value", told["status"]))
        state = STATES.get(word.upper(), RunState.UNKNOWN)
        if state is not RunState.FAILED:
            return Poll(state, detail=word)
        words = f"{word} {self._client.messages(provider_id)}".strip()
        row = row_of_words(words)
        return Poll(state, None, None, words, row.code, row.action, word, row.advice)

    def samples(self, provider_id: str) -> Samples:
        answer = self._client.answer(provider_id)
        timing = answer.get("timing") or {}
        access_us = timing.get("qpu_access_time")
        usage = (
            {"status": "unknown"}
            if not isinstance(access_us, int | float)
            else {"qpu_s": access_us / 1e6, "status": "complete"}
        )
        return Samples(counted(answer), {"job": provider_id, "usage": usage}, {"provider": dict(timing)})

    def cancel(self, provider_id: str) -> None:
        self._client.cancel(provider_id)

    def reconcile(self, key: UUID) -> tuple[str, ...]:
        return tuple(str(row["id"]) for row in self._client.labelled(label_of(key)))

    def overhear(self, hear: Hear | None) -> None:
        self._client.hear = hear

    def _listed(self) -> list[dict[str, Any]]:
        """The quantum processors among the solvers. Raises ProviderUnavailable where they are not told as we know it."""
        try:
            return [each for each in self._client.solvers() if each["properties"].get("category") == "qpu"]
        except (KeyError, TypeError, AttributeError) as error:
            raise AnswerUnreadable(f"Leap lists its solvers in other words: {error!r}") from error

    def _capable(self, told: Mapping[str, Any]) -> Capabilities:
        properties, name = told["properties"], str(told["identity"]["name"])
        try:
            spins, reads = len(properties["qubits"]), int(properties["num_reads_range"][1])
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise AnswerUnreadable(f"Leap tells of {name} in other words: {error!r}") from error
        return Capabilities(
            backend=name_of(name),
            version=f"dwave-cloud-client {version('dwave-cloud-client')}",
            lane="quantum",
            qubits_max=min(spins, self._spins_max),
            shots_max=reads,
            noise=name_of(name),
            repeats=False,
            recovery=Recovery.SEARCH,
            lag_s=self._lag_s,
        )


@lru_cache(maxsize=4)
def open_provider(solver: str, spins_max: int, lag_s: float, deadline_s: float) -> Annealed:
    """The provider of this process."""
    return Annealed(LeapAnnealer(solver=solver, spins_max=spins_max, lag_s=lag_s, deadline_s=deadline_s))
