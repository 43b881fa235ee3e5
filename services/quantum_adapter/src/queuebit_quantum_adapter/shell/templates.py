"""Questions like those that will come, compiled at the start: the first job of such a structure finds it fitted and checked.

Each is a JSON file in the folder that QUEUEBIT_QUANTUM_TEMPLATES names, and is gone through to its first request, which is
compiled and never handed in. That goes on in the background, in the worker processes that jobs have too.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from queuebit_contracts.errors import field_errors
from queuebit_contracts.events import JobQueued
from queuebit_contracts.ids import derive_id
from queuebit_contracts.jobs import JobRequest, ParamValue, Problem, Tier
from queuebit_contracts.model import StrictModel
from queuebit_problems.admission import Admitted, admit
from queuebit_problems.errors import ProblemError
from queuebit_quantum_adapter.errors import AdapterError
from queuebit_quantum_adapter.shell.executor import QuantumExecutor, TaskHop
from queuebit_quantum_adapter.shell.task import Failed, Task
from queuebit_runtime.clock import Clock
from queuebit_runtime.errors import PoolError
from queuebit_runtime.ids import Ids
from queuebit_runtime.processes.pool import Pool

COMPILED = "queuebit_quantum_adapter.shell.child:compiled"
COMPILE_TIMEOUT_S = 120.0
TEMPLATES_MAX, BYTES_MAX = 64, 1_000_000
TENANT = "templates"
_log = logging.getLogger(__name__)


class Template(StrictModel):
    """A question whose circuits are compiled at the start, as a job states it."""

    problem: Problem
    lane: Literal["quantum", "simulator"] = "simulator"
    tier: Tier = "interactive"
    params: dict[str, ParamValue] = Field(default_factory=dict, max_length=50)


@dataclass(frozen=True, slots=True)
class Bad:
    """A file that is no template, and why."""

    name: str
    detail: str


def read_templates(folder: Path) -> Iterator[tuple[str, Template] | Bad]:
    """The templates of a folder by the names of their files, TEMPLATES_MAX at most; each other file with what it lacks."""
    try:
        paths = sorted(folder.glob("*.json"))
    except OSError as error:
        paths = []
        yield Bad(str(folder), error.strerror or str(error))
    if not folder.is_dir():
        yield Bad(str(folder), "There is no such folder.")
    for path in paths[TEMPLATES_MAX:]:
        yield Bad(path.name, f"At most {TEMPLATES_MAX} templates are compiled.")
    for path in paths[:TEMPLATES_MAX]:
        try:
            data = path.read_bytes()
            if len(data) > BYTES_MAX:
                yield Bad(path.name, f"It is larger than {BYTES_MAX} bytes.")
            else:
                yield path.name, Template.model_validate_json(data)
        except OSError as error:
            yield Bad(path.name, error.strerror or str(error))
        except ValidationError as error:
            yield Bad(path.name, "; ".join(str(each) for each in field_errors(error))[:300])


class Precompiler:
    """Compiles what a folder holds, once."""

    def __init__(
        self,
        folder: str,
        pool: Pool,
        executor: QuantumExecutor,
        clock: Clock,
        ids: Ids,
        *,
        processes: int,
        hop: TaskHop,
    ) -> None:
        """`folder`: "" for none. `processes`: so many have what is compiled, where they are idle then."""
        self._folder = folder
        self._pool = pool
        self._executor = executor
        self._clock = clock
        self._ids = ids
        self._processes = processes
        self._hop = hop

    async def run(self, stop: asyncio.Event) -> None:
        """Compile all of them, then wait for `stop`."""
        await self.compile_all(stop)
        await stop.wait()

    async def compile_all(self, stop: asyncio.Event) -> None:
        """One that cannot be compiled is named in the log, and hides no other."""
        for found in read_templates(Path(self._folder)) if self._folder else ():
            if stop.is_set():
                return
            match found:
                case Bad(name, detail):
                    _log.error("%s is no template: %s", name, detail)
                case (name, template):
                    await self._compile(name, template, stop)

    async def _compile(self, name: str, template: Template, stop: asyncio.Event) -> None:
        begun_s = self._clock.monotonic_s()
        try:
            task = await self._hop(lambda: self._task(name, template))
            runs = (
                self._pool.run(COMPILED, task, timeout_s=COMPILE_TIMEOUT_S, stop=stop) for _ in range(self._processes)
            )
            ended = await asyncio.gather(*runs)
        except (AdapterError, ProblemError, PoolError) as error:
            _log.error("The template %s is not compiled: %s", name, error)
            return
        failed = next((each for each in ended if isinstance(each, Failed)), None)
        if failed is not None:
            _log.error("The template %s is not compiled: %s %s", name, failed.detail, failed.remedy)
        else:
            _log.info("The template %s is compiled; it took %.2f s.", name, self._clock.monotonic_s() - begun_s)

    def _task(self, name: str, template: Template) -> Task:
        request = JobRequest(tenant=TENANT, problem=template.problem, lane=template.lane, params=template.params)
        return self._executor.task_of(self._order(name, template, admit(request)))

    def _order(self, name: str, template: Template, admitted: Admitted) -> JobQueued:
        return JobQueued(
            attempt_id=derive_id(self._ids.mint(), name),
            leg="template",
            role="primary",
            lane=template.lane,
            number=1,
            tier=template.tier,
            problem=admitted.request.problem,
            fingerprint=admitted.fingerprint,
            seed=0,
            budget_s=COMPILE_TIMEOUT_S,
            params=template.params,
            size=admitted.admission.size,
        )
