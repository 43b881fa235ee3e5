"""Templates on Aer: fitted and checked once, then run with whatever angles. Imported in worker processes only."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import asdict, dataclass

from queuebit_quantum_adapter.circuits import Template
from queuebit_quantum_adapter.ports import Result, Submission
from queuebit_quantum_adapter.providers.aer.fitted import Compiled
from queuebit_quantum_adapter.providers.aer.target import Target
from queuebit_quantum_adapter.providers.qiskit_circuits import circuit_fingerprint
from queuebit_quantum_adapter.providers.qiskit_conversion import to_open_template
from queuebit_quantum_adapter.verification.equivalence import Equivalence

TEMPLATES_MAX = 64


@dataclass(slots=True)
class Cached:
    """A transpiled template, how it was checked, how long both took, and how often it has run."""

    compiled: Compiled
    key: str
    equivalence: Equivalence
    transpile_s: float
    runs: int = 0


class TemplateRunner:
    """Runs templates on one target; those that were used last are kept."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._templates: OrderedDict[str, Cached] = OrderedDict()

    def compiled(self, template: Template) -> Compiled:
        """The template as the target runs it. Raises AdapterError."""
        return self._cached(template).compiled

    def run(self, submission: Submission) -> Result:
        """Raises AdapterError."""
        begun = time.perf_counter()
        cached = self._cached(submission.circuit.template)
        bound = cached.compiled.open.bind(submission.circuit.angles)
        circuit_print = circuit_fingerprint(bound)
        ready = time.perf_counter()
        fitted = cached.compiled.fitted
        counts = self._target.counts(bound, fitted, submission.shots, submission.seed)
        ended = time.perf_counter()
        cached.runs += 1
        return Result(
            counts=(counts,),
            record={
                "circuit_fingerprint": circuit_print,
                "template_key": cached.key,
                "layout": list(fitted.layout),
                "batch_index": 0,
                "equivalence": asdict(cached.equivalence),
                **self._target.record,
                **self._target.told([fitted], submission.shots),
            },
            timing={
                "template_cached": cached.runs > 1,
                "transpile_s": round(cached.transpile_s, 6) if cached.runs == 1 else 0.0,
                "bind_s": round(ready - begun, 6),
                "queue_s": 0.0,
                "run_s": round(ended - ready, 6),
            },
        )

    def _cached(self, template: Template) -> Cached:
        key = self._target.key_of(template)
        cached = self._templates.get(key)
        if cached is not None:
            self._templates.move_to_end(key)
            return cached
        begun = time.perf_counter()
        plain = to_open_template(template)
        made = Compiled.of(plain, self._target.fit_template(plain.circuit))
        found = self._target.check_template(template, plain, made.open)
        cached = self._templates[key] = Cached(made, key, found, time.perf_counter() - begun)
        while len(self._templates) > TEMPLATES_MAX:
            self._templates.popitem(last=False)
        return cached
