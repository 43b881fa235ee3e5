"""`python -m queuebit_workbench.bench.deciding`: how long a decision takes by a policy of ten rows, of which the last holds.

Each row asks four facts; every condition leaves its mark in the trace. The bar: 30 µs for the decision with its trace.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from statistics import median, quantiles
from typing import Any

from rich.console import Console

from queuebit_contracts.policy import PolicyDocument
from queuebit_domain.policy.compiling import compiled
from queuebit_domain.policy.evaluation import evaluate
from queuebit_domain.policy.facts import Facts
from queuebit_domain.policy.tables import Policy

BAR_US = 30.0
ROWS = 10
A_SAMPLE = 100
"""So many decisions are measured together: a clock cannot see one."""


def policy_of(rows: int) -> Policy:
    """Rows that ask as much as they can before they do not hold, and one for the rest."""
    classical = {"plan": "classical_only", "legs": [{"role": "primary", "lane": "classical"}]}
    asking: list[dict[str, Any]] = [
        {
            "id": f"row-{nth}",
            "use": "classical",
            "reason": "It is so.",
            "when": {"wish": "auto", "variables": {"lt": 100 + nth}, "tier": "interactive", "qubits": {"gt": 1000}},
        }
        for nth in range(rows - 1)
    ]
    last = {"id": "otherwise", "use": "classical", "reason": "Nothing else holds.", "when": {}}
    document = {"policy": "bench", "plans": {"classical": classical}, "routing": [*asking, last]}
    return compiled(PolicyDocument.model_validate(document), "bench/1", "0" * 64)


FACTS = Facts(
    kind="maxcut",
    family="optimisation",
    sense="max",
    wish="auto",
    tier="interactive",
    variables=60,
    qubits=60,
    terms=180,
    budget_s=10.0,
    refine=False,
    alone=False,
    quantum_available=True,
    simulator_available=True,
)


def samples_us(decide: Callable[[], object], samples: int) -> list[float]:
    """How long one takes, in µs, sample by sample."""
    found: list[float] = []
    for _ in range(samples):
        began_s = time.perf_counter()
        for _ in range(A_SAMPLE):
            decide()
        found.append((time.perf_counter() - began_s) / A_SAMPLE * 1e6)
    return found


def main(argv: Sequence[str]) -> int:
    """Measure; the exit status says whether the bar was kept."""
    parser = argparse.ArgumentParser(prog="python -m queuebit_workbench.bench.deciding", description=__doc__)
    parser.add_argument("--samples", type=int, default=500)
    given = parser.parse_args(argv)
    policy, console = policy_of(ROWS), Console(soft_wrap=True, highlight=False)
    trace = evaluate(policy, FACTS).trace
    decided = samples_us(lambda: evaluate(policy, FACTS), given.samples)
    console.print(f"{ROWS} rows, trace {trace}")
    console.print(
        f"median {median(decided):.1f} µs, p95 {quantiles(decided, n=20)[-1]:.1f} µs of samples of {A_SAMPLE}"
    )
    kept = median(decided) <= BAR_US
    console.print(f"bar {BAR_US:g} µs for the decision: {'kept' if kept else 'not kept'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
