"""Work orders done: checked here, run in a process that can be killed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from importlib.metadata import version
from typing import Any, assert_never

from queuebit_contracts.events import ExecutionFailed, ExecutionProgressed, ExecutionSucceeded, JobQueued
from queuebit_contracts.failures import FailureAction, FailureCode
from queuebit_contracts.jobs import ARTIFACTS_PARAM, BACKEND_PARAM, FALLBACK_PARAM, TARGET_PARAM, Lane, Ran, Usage
from queuebit_contracts.regions import REGIONS_PARAM, Regions, regions_of
from queuebit_contracts.sealed import SealedStatement
from queuebit_problems.errors import ProblemError
from queuebit_quantum_adapter.backends.conditions import Described
from queuebit_quantum_adapter.backends.limits import Limits
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.backends.targets import Targets
from queuebit_quantum_adapter.errors import AdapterError, InvalidParam, NoBackend
from queuebit_quantum_adapter.pipelines.checks import check_measurement, check_optimisation, is_measurement
from queuebit_quantum_adapter.shell.mitigation import check_mitigation, mitigation_of
from queuebit_quantum_adapter.shell.task import PACKAGE, Failed, Outcome, Recipe, Stage, Task
from queuebit_quantum_adapter.shell.transpilation import check_transpilation, transpilation_of
from queuebit_runtime.clock import Clock
from queuebit_runtime.errors import PoolError, PoolMemory
from queuebit_runtime.processes.pool import Pool
from queuebit_runtime.worker.reports import cancelled, failed, pool_code, progressed

TaskHop = Callable[[Callable[[], Task]], Awaitable[Task]]
"""Makes a task somewhere off the event loop; `asyncio.to_thread` is one."""

ATTEMPT = "queuebit_quantum_adapter.shell.child:attempt"
ANNEAL = "anneal"
WARM = "queuebit_quantum_adapter.shell.child:warm"


class QuantumExecutor:
    """Runs the orders of the lanes `simulator` and `quantum`."""

    def __init__(
        self,
        pool: Pool,
        backends: Backends,
        limits: Limits,
        clock: Clock,
        *,
        worker: str,
        grace_s: float = 5.0,
        warm_timeout_s: float = 60.0,
        hop: TaskHop = asyncio.to_thread,
        targets: Targets | None = None,
        keep_all: bool = False,
        regions: Regions | None = None,
    ) -> None:
        """`grace_s`: how long past its budget a process may take to load the SDK and to hand over its answer. `hop` reads large
        statements off the loop; a simulation passes one that calls directly. `targets`: what jobs may have simulated instead of
        what `backends` simulate. `keep_all`: artifacts of simulators are kept too.
        `regions`: where the data of jobs may go that name none.
        """
        self._targets = targets
        self._pool = pool
        self._backends = backends
        self._limits = limits
        self._clock = clock
        self._worker = worker
        self.grace_s = grace_s
        self._warm_timeout_s = warm_timeout_s
        self._hop = hop
        self._keep_all = keep_all
        self._regions = regions

    def is_small(self, order: JobQueued) -> bool:  # noqa: ARG002
        """No circuit is small enough for the event loop."""
        return False

    def run_small(self, order: JobQueued) -> ExecutionSucceeded | ExecutionFailed:
        """Nothing is small; whoever asks is told so."""
        return failed(order, FailureCode.INTERNAL, "A circuit does not run on the event loop.")

    async def warm(self, backend: BackendSpec) -> Described:
        """Load the SDK of a backend into a worker process, so that the first attempt need not wait for it, and say what the
        backend can do and how it is.

        Raises PoolError where that does not work.
        """
        found = await self._pool.run(WARM, backend, timeout_s=self._warm_timeout_s)
        assert isinstance(found, Described)
        return found

    async def run(
        self, order: JobQueued, progress: Callable[[ExecutionProgressed], None], stop: asyncio.Event
    ) -> ExecutionSucceeded | ExecutionFailed:
        """Do an order in a process. What cannot fit is refused here, before anything heavy is loaded."""
        started_at, began_s = self._clock.now(), self._clock.monotonic_s()

        def hear(item: Any) -> None:
            assert isinstance(item, Stage)
            progress(progressed(order, self._clock.monotonic_s() - began_s, item.name, objective=item.objective))

        task: Task | None = None
        try:
            task = await self._hop(lambda: self.task_of(order))
            if task.backend.durable:
                raise NoBackend(
                    "A provider that charges needs a ledger in PostgreSQL.", remedy="Set QUEUEBIT_POSTGRES."
                )
            budget_s = order.budget_s + self.grace_s
            ended = await self._pool.run(ATTEMPT, task, timeout_s=budget_s, on_progress=hear, stop=stop)
        except Exception as error:
            ended = ended_by(error)
        assert isinstance(ended, Outcome | Failed)
        wall_s = self._clock.monotonic_s() - began_s
        match ended:
            case Failed():
                usage = Usage(wall_s=wall_s)
                return cancelled(order, usage) if stop.is_set() else told_of(order, ended, task, usage)
            case Outcome():
                assert task is not None
                return self.succeeded(order, ended, task.backend, started_at, wall_s)
            case _:
                assert_never(ended)

    def succeeded(
        self, order: JobQueued, outcome: Outcome, backend: BackendSpec, started_at: datetime, wall_s: float
    ) -> ExecutionSucceeded:
        """There is an answer. The problem is echoed, so that the validator needs nothing else."""
        return ExecutionSucceeded(
            attempt_id=order.attempt_id,
            leg=order.leg,
            lane=order.lane,
            ran=_ran(order.lane, outcome, backend),
            answer=outcome.answer,
            objective=outcome.objective,
            bound=outcome.bound,
            started_at=started_at,
            finished_at=self._clock.now(),
            worker=self._worker,
            usage=Usage(
                wall_s=wall_s,
                cpu_s=outcome.cpu_s,
                qpu_s=outcome.qpu_s,
                shots=outcome.shots,
                iterations=outcome.iterations,
            ),
            cost=outcome.cost,
            provenance=outcome.provenance,
            evidence=outcome.evidence,
            problem=order.problem,
            params=order.params,
            artifacts=outcome.artifacts,
        )

    def is_kept(self, order: JobQueued, backend: BackendSpec) -> bool:
        """Whether artifacts of its attempt are kept. Those of a subject's data never are: nothing would erase them."""
        if isinstance(order.problem.statement, SealedStatement):
            return False
        return backend.durable or self._keep_all or order.params.get(ARTIFACTS_PARAM) is True

    def backend_of(self, order: JobQueued) -> BackendSpec:
        """The backend that an order is for. Raises NoBackend, RegionNotAllowed or ProblemError."""
        qubits = 0 if order.size is None else order.size.qubits
        asked = order.params.get(BACKEND_PARAM)
        only = None if asked is None else str(asked)
        annealers = self._backends.annealers()
        annealed = order.params.get("method") == ANNEAL or only in [spec.name for spec in annealers.all()]
        able = annealers if annealed and not is_measurement(order.problem) else self._of_target(order).circuits()
        found = able.of(
            order.lane, qubits, order.avoid or (), not_on=order.not_on or (), only=only, regions=self._allowed(order)
        )
        if found.durable and isinstance(order.problem.statement, SealedStatement):
            raise NoBackend(
                f"The data of a subject is not given to a provider, and {found.name} is one.",
                remedy="Use the lane simulator or classical; a provider keeps what it was given.",
            )
        return found

    def task_of(self, order: JobQueued, backend_name: str | None = None) -> Task:
        """What a work order asks of a worker process; on that backend, where one is named. Raises AdapterError or ProblemError
        where it cannot be served.
        """
        backend = self.backend_of(order) if backend_name is None else self._backends.named(backend_name)
        if is_measurement(order.problem):
            recipe = Recipe()
            check_measurement(order, backend, self._limits)
        else:
            recipe = Recipe.of(order.params)
            check_optimisation(order, backend, self._limits)
        measures = is_measurement(order.problem)
        mitigation, transpilation = mitigation_of(order.params), transpilation_of(order.params)
        check_mitigation(mitigation, backend, measures=measures)
        check_transpilation(transpilation, backend, measures=measures)
        return Task(
            order.attempt_id,
            order.problem,
            order.seed,
            order.budget_s,
            recipe,
            self._limits,
            backend,
            order.tier,
            order.degraded or 0,
            order.params.get(FALLBACK_PARAM) is False,
            mitigation,
            self.is_kept(order, backend),
            transpilation,
            self._allowed(order),
        ).smaller

    def _allowed(self, order: JobQueued) -> Regions | None:
        """Where the data of an order may go; None for anywhere."""
        return regions_of(order.params) if REGIONS_PARAM in order.params else self._regions

    def _of_target(self, order: JobQueued) -> Backends:
        """The backends of an order: those that simulate the target of its job, where that names one."""
        target = order.params.get(TARGET_PARAM)
        if target is None or order.lane != "simulator" or self._targets is None:
            return self._backends
        if not isinstance(target, str):
            raise InvalidParam(
                f"params.{TARGET_PARAM} is {str(target)[:60]!r}.", remedy="Name a device, as fake_sherbrooke, or exact."
            )
        return self._targets.backends(target)


def ended_by(error: Exception) -> Failed:
    """What an error says of the attempt; one that is not of the work itself is raised again."""
    match error:
        case AdapterError():
            return Failed.of(error)
        case ProblemError():
            return Failed(FailureCode.PROBLEM_INVALID, error.detail, error.remedy)
        case PoolError():
            action: FailureAction | None = "degrade" if isinstance(error, PoolMemory) else None
            return Failed(pool_code(error), str(error), remedy="", action=action)
        case _:
            raise error


def told_of(order: JobQueued, ended: Failed, task: Task | None, usage: Usage) -> ExecutionFailed:
    """The failure as the plan hears of it. What cannot be made smaller is not asked for again."""
    action = ended.action
    if action == "degrade" and (is_measurement(order.problem) or not Recipe.of(order.params).rounds):
        action = "fail_fast"
    told = failed(
        order,
        ended.code,
        ended.detail,
        remedy=ended.remedy,
        retry_after_s=ended.retry_after_s,
        usage=usage,
        action=action,
        backend=None if task is None else task.backend.name,
        reason=ended.reason,
    )
    return told if ended.artifacts is None else told.model_copy(update={"artifacts": ended.artifacts})


def _ran(lane: Lane, outcome: Outcome, backend: BackendSpec) -> Ran:
    """What really ran: the backend, or this package where no circuit was needed."""
    name, which = (PACKAGE, version(PACKAGE)) if outcome.without_circuit else (backend.name, backend.version)
    return Ran(lane=lane, method=outcome.method, backend=name, backend_version=which)
