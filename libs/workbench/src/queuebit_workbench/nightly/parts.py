"""The parts of a night: what is run, how long it may take, and which figures of it are followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """A number in the JSON of a part, by its path. `worse` says how far it may fall behind the night before, as a share, and in
    which direction that is; None where it is only shown.
    """

    path: str
    better: str = "higher"
    worse: float | None = None

    def of(self, document: Mapping[str, Any]) -> float | None:
        """Its value; None where it is not there or no number."""
        found: Any = document
        for part in self.path.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


@dataclass(frozen=True, slots=True)
class Part:
    """`argv`: `{python}`, `{out}`, `{data}` and others are put in, and what is empty then is left out. A part that needs `data`
    is left out, by name, where there is none.
    """

    name: str
    about: str
    argv: tuple[str, ...]
    limit_s: float
    figures: tuple[Figure, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def needs_data(self) -> bool:
        return any("{data}" in word for word in self.argv)


PARTS: tuple[Part, ...] = (
    Part(
        "golden",
        "Policies pass, and questions with known answers come out as they must, on the solver and on the simulator.",
        ("infra/ci/quantum-paths", "infra/examples/policies", "{out}.reports"),
        600,
        env={"QUEUEBIT": "{queuebit}"},
    ),
    Part(
        "soak",
        "The simulation of all services under faults, over seeds of its own each night.",
        ("{python}", "-m", "tests.simulation.soak", "{seeds}", "--first", "{first}"),
        4 * 3600,
    ),
    Part(
        "provider-contract",
        "The installed SDKs keep the calls that our providers make.",
        (
            *("{python}", "libs/workbench/src/queuebit_workbench/provider_contract.py"),
            "services/quantum_adapter/src/queuebit_quantum_adapter/providers",
            "services/quantum_adapter/provider-contract.json",
        ),
        900,
    ),
    Part(
        "chaos",
        "Everything breaks on three brokers under load, and nothing is lost.",
        (
            *("{python}", "-m", "queuebit_workbench.chaos", "--seed", "{first}", "--minutes", "{minutes}"),
            *("--out", "{out}", "{faults}"),
        ),
        3600,
        (Figure("counts.completed"), Figure("ends.completed")),
    ),
    Part(
        "bench",
        "Throughput, latency and memory on real servers.",
        ("{python}", "-m", "queuebit_workbench.bench", "--jobs", "{jobs}", "--seconds", "{seconds}", "--out", "{out}"),
        3600,
        (
            Figure("jobs_per_s", worse=0.15),
            Figure("ratio", worse=0.1),
            Figure("idle_p99_ms", "lower", 0.5),
            Figure("cpu_us_per_job_total", "lower", 0.1),
            Figure("telemetry.jobs_per_s"),
        ),
    ),
    Part("pages", "Tutorials and pages are typed as they stand.", ("make", "tutorials", "{pages}"), 3600),
    Part(
        "sweep",
        "Published instances, each judged against the best that is known; a night goes on where the one before ended.",
        (
            *("{python}", "-m", "queuebit_workbench.sweep", "{data}", "--out", "{out}"),
            *("--minutes", "{sweep_minutes}", "--round", "{kept}/sweep-round.json"),
        ),
        2 * 3600,
        (Figure("counts.instances"), Figure("counts.proved"), Figure("counts.bug", "lower")),
    ),
)
BY_NAME = {part.name: part for part in PARTS}
