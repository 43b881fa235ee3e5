"""Circuits on Aer: each form fitted and checked when it is new, then run with whatever angles. In worker processes only.

Circuits of one form run in one execution, also those of several requests, where their outcomes are drawn from probabilities;
others one by one, because within one call of Aer the place of a circuit changes its samples even with a fixed seed.
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from queuebit_circuits.circuit import Bound, Branch, Circuit, Gate, Operation, angles_of, length_of, opened
from queuebit_circuits.text import text_hash
from queuebit_contracts.canonical import fingerprint
from queuebit_quantum_adapter.ports import AS_USUAL, Request, Result, Transpilation
from queuebit_quantum_adapter.providers.aer.drawing import STATES_MAX, Drawing, Probabilities
from queuebit_quantum_adapter.providers.aer.fitted import Compiled
from queuebit_quantum_adapter.providers.aer.target import Drawn, Target
from queuebit_quantum_adapter.providers.qiskit_circuits import circuit_fingerprint
from queuebit_quantum_adapter.providers.qiskit_conversion import to_open_circuit
from queuebit_quantum_adapter.verification.equivalence import Equivalence

MODEL = "model"
FORMS_MAX = 1024
OPERATIONS_MAX = 150_000
"""So many forms are kept, and so many operations of all of them: a long circuit takes a megabyte."""


@dataclass(slots=True)
class Form:
    """All of a circuit but its angles, as the target runs it: how it was checked, what that took, how often it has run."""

    name: str
    compiled: Compiled
    operations: int
    drawing: Drawing | None = None
    """Where its outcomes are drawn from probabilities."""
    equivalence: Equivalence | None = None
    ready_s: float = 0.0
    runs: int = 0


Angles = tuple[float, ...]
Known = dict[tuple[str, Angles], Probabilities]
"""Probabilities by the name of the form and its angles."""


class FormRunner:
    """Runs circuits on one target; the forms that were used last are kept.

    A circuit with slots is checked for all values of its slots, another one at its own angles and at random ones.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._forms: OrderedDict[Hashable, Form] = OrderedDict()
        self._operations = 0
        self.transpilations = 0
        self.executions = 0

    def checked(self, request: Request) -> list[Form]:
        """The forms of the circuits, each of which survived its conversion. Raises NotEquivalent and other AdapterErrors."""
        found, how = [], request.transpilation
        for bound in request.circuits:
            form = self._form(bound.circuit, how)
            if form.equivalence is None:
                begun = time.perf_counter()
                form.equivalence = self._target.check_circuit(bound.circuit, lambda each: self.converted(each, how))
                form.ready_s += time.perf_counter() - begun
            found.append(form)
        return found

    def run(self, request: Request) -> Result:
        """Raises AdapterError."""
        return self.run_together((request,))[0]

    def run_together(self, requests: Sequence[Request]) -> list[Result]:
        """Each as if it ran alone. Raises AdapterError where one cannot."""
        begun = time.perf_counter()
        all_forms = [self.checked(request) for request in requests]
        executions = self.executions
        known = self._probabilities(
            [
                (form, self._angles(bound))
                for request, forms in zip(requests, all_forms, strict=True)
                if request.observable is None
                for bound, form in zip(request.circuits, forms, strict=True)
                if self._drawing(form, request) is not None
            ]
        )
        shared_s = (time.perf_counter() - begun) / len(requests)
        return [
            self._result(request, forms, known, shared_s, self.executions - executions)
            for request, forms in zip(requests, all_forms, strict=True)
        ]

    def _probabilities(self, wanted: Iterable[tuple[Form, Angles]]) -> Known:
        """Of what is to be drawn: an execution a form, as far as there is room for its probabilities."""
        sets: dict[str, tuple[Form, dict[Angles, None]]] = {}
        for form, angles in wanted:
            sets.setdefault(form.name, (form, {}))[1][angles] = None
        known: Known = {}
        for name, (form, distinct) in sets.items():
            assert form.drawing is not None
            each = list(distinct)
            at_once = max(1, STATES_MAX >> form.drawing.circuit.num_qubits)
            for start in range(0, len(each), at_once):
                part = each[start : start + at_once]
                self.executions += 1
                found = self._target.probabilities(form.drawing, form.compiled.fitted, part)
                known |= {(name, angles): values for angles, values in zip(part, found, strict=True)}
        return known

    def _result(
        self, request: Request, forms: Sequence[Form], known: Known, shared_s: float, executions: int
    ) -> Result:
        begun = time.perf_counter()
        pairs = list(zip(request.circuits, forms, strict=True))
        made = [self._bound(*pair) if self._is_needed(request, *pair) else None for pair in pairs]
        ran = tuple(self._told(bound, form, each) for (bound, form), each in zip(pairs, made, strict=True))
        ready = time.perf_counter()
        counts: tuple[Mapping[int, int], ...] = ()
        memory: tuple[tuple[int, ...], ...] = ()
        values: tuple[float, ...] = ()
        if request.observable is not None:
            self.executions += 1
            executions += 1
            values = self._target.values(made, request.observable)
        elif request.shots is not None and request.memory:
            memory = tuple(
                drawing.memory(known[form.name, self._angles(bound)], request.shots, seed)
                if (drawing := self._drawing(form, request)) is not None
                else self._target.memory(each, form.compiled.fitted, request.shots, seed)
                for each, (bound, form), seed in zip(made, pairs, request.seeds, strict=True)
            )
            counts = tuple(Counter(runs) for runs in memory)
        elif request.shots is not None:
            drawn = self._drawn(request, pairs, made, known)
            counts = tuple(each.counts for each in drawn)
            ran = tuple(
                told if each.model is None else {**told, MODEL: sorted(each.model.items())}
                for told, each in zip(ran, drawn, strict=True)
            )
        ended = time.perf_counter()
        fresh = {form.name: form.ready_s for form in forms if not form.runs}
        for form in forms:
            form.runs += 1
        return Result(
            counts=counts,
            values=values,
            record={
                **self._target.record,
                "transpiler": self._target.transpiler(request.transpilation),
                **self._target.told([form.compiled.fitted for form in forms], request.shots or 0),
                "equivalence": _evidence(forms),
            },
            ran=ran,
            timing={
                "template_cached": not fresh,
                "transpile_s": round(sum(fresh.values()), 6),
                "bind_s": round(ready - begun, 6),
                "queue_s": 0.0,
                "run_s": round(ended - ready + shared_s, 6),
                "executions": executions,
            },
            memory=memory,
        )

    def bound(self, request: Request) -> list[Any]:
        """Each circuit as it is run. Raises AdapterError."""
        return [self._bound(bound, self._form(bound.circuit, request.transpilation)) for bound in request.circuits]

    def _drawn(
        self, request: Request, pairs: Sequence[tuple[Bound, Form]], made: Sequence[Any], known: Known
    ) -> list[Drawn]:
        assert request.shots is not None
        found: list[Drawn] = []
        for each, (bound, form), seed in zip(made, pairs, request.seeds, strict=True):
            drawing = self._drawing(form, request)
            if drawing is None:
                found.append(self._counts(each, form, request.shots, seed))
            else:
                shares = known[form.name, self._angles(bound)]
                found.append(Drawn(drawing.drawn(shares, request.shots, seed), drawing.model(shares)))
        return found

    def _drawing(self, form: Form, request: Request) -> Drawing | None:
        """How outcomes of the form are drawn, where so many are."""
        if form.drawing is None or request.shots is None:
            return None
        return form.drawing if self._target.draws(form.compiled.fitted, request.shots) else None

    def _counts(self, made: Any, form: Form, shots: int, seed: int) -> Drawn:
        self.executions += 1
        return self._target.counts(made, form.compiled.fitted, shots, seed)

    def _is_needed(self, request: Request, bound: Bound, form: Form) -> bool:
        """Whether the circuit itself is, with its angles, and not its probabilities alone."""
        return self._drawing(form, request) is None or request.observable is not None or bound.circuit.slots > 0

    def _angles(self, bound: Bound) -> Angles:
        return bound.angles if bound.circuit.slots else angles_of(bound.circuit)

    def _told(self, bound: Bound, form: Form, made: Any) -> dict[str, Any]:
        fitted = form.compiled.fitted
        told: dict[str, Any] = {"form": form.name, "layout": list(fitted.layout)}
        if fitted.readout:
            told |= {"readout": [list(each) for each in fitted.readout], "gates_success": fitted.gates}
        if bound.circuit.slots:
            told |= {"circuit_fingerprint": circuit_fingerprint(made), "template_key": form.name}
        return told

    def converted(self, circuit: Circuit, how: Transpilation = AS_USUAL) -> Any:
        """A circuit without slots as the target runs it."""
        return self._bound(Bound(circuit), self._form(circuit, how))

    def _bound(self, bound: Bound, form: Form) -> Any:
        return form.compiled.open.bind(self._angles(bound))

    def _form(self, circuit: Circuit, how: Transpilation) -> Form:
        key = circuit.fingerprint if circuit.slots else form_of(circuit)
        if how != AS_USUAL:
            key = (key, how)
        form = self._forms.get(key)
        if form is None:
            form = self._forms[key] = self._template(circuit, how) if circuit.slots else self._closed(circuit, key, how)
            self._operations += form.operations
            while len(self._forms) > FORMS_MAX or (self._operations > OPERATIONS_MAX and len(self._forms) > 1):
                self._operations -= self._forms.popitem(last=False)[1].operations
        else:
            self._forms.move_to_end(key)
        return form

    def _template(self, circuit: Circuit, how: Transpilation) -> Form:
        begun = time.perf_counter()
        plain = to_open_circuit(circuit)
        self.transpilations += 1
        made = Compiled.of(plain, self._target.fit_template(plain.circuit, how))
        found = self._target.check_template(circuit, plain, made.open)
        operations = length_of(circuit.operations)
        name = self._target.key_of(circuit)
        name = name if how == AS_USUAL else fingerprint([name, how.level, how.layout])
        drawing = self._target.drawing(circuit, made.open, made.fitted)
        return Form(name, made, operations, drawing, found, time.perf_counter() - begun)

    def _closed(self, circuit: Circuit, key: Hashable, how: Transpilation) -> Form:
        begun = time.perf_counter()
        plain = to_open_circuit(opened(circuit).circuit)
        self.transpilations += 1
        made = Compiled.of(plain, self._target.fit(plain.circuit, how))
        operations = length_of(circuit.operations)
        name, drawing = text_hash(repr(key)), self._target.drawing(circuit, made.open, made.fitted)
        return Form(name, made, operations, drawing, None, time.perf_counter() - begun)


def form_of(circuit: Circuit) -> Hashable:
    """All of a circuit without slots but its angles."""
    return circuit.qubits, circuit.clbits, _form(circuit.operations)


def _form(operations: Iterable[Operation]) -> Hashable:
    return tuple(
        (each.name, each.qubits)
        if isinstance(each, Gate)
        else (each.clbits, each.values, _form(each.then), _form(each.otherwise))
        if isinstance(each, Branch)
        else each
        for each in operations
    )


def _evidence(forms: Sequence[Form]) -> dict[str, Any]:
    """How it was checked that the circuits that ran are those that were asked for."""
    checks = {form.name: asdict(form.equivalence) for form in forms if form.equivalence is not None}
    return {"circuits": len(forms), "forms": checks}
