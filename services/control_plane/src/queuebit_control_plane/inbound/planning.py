"""The facts of a job, and its plan by the active policy: always what every policy may ask, of the rest only what this one does.

The policy of the release is asked where the job is decided, as most jobs share their plan with others; any other one here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from queuebit_contracts.candidates import CANDIDATE_PARAM
from queuebit_contracts.events import JobPlanned
from queuebit_contracts.jobs import JobRequest, Lane
from queuebit_contracts.regions import REGIONS_PARAM, regions_of
from queuebit_control_plane.inbound.candidates import Candidates
from queuebit_control_plane.inbound.reading import Outcome
from queuebit_control_plane.policies import AskPolicy, built_in
from queuebit_domain.holds.lanes import Lanes
from queuebit_domain.job import routing
from queuebit_domain.job.asked import inputs_of, requested
from queuebit_domain.job.cached import Candidate, with_candidate
from queuebit_domain.policy.default import DEFAULT
from queuebit_domain.policy.facts import Facts, FactValue, with_told
from queuebit_domain.policy.opening import within_windows
from queuebit_domain.policy.tables import Policy
from queuebit_domain.release.overload import without_measures
from queuebit_problems.admission import Admitted


@dataclass(frozen=True, slots=True)
class Asked:
    """A job as those see it who know something of it."""

    request: JobRequest
    problem_fingerprint: str


class FactSource(Protocol):
    """Who knows facts that the request does not say, such as what money is left. Asked only where the policy asks for one."""

    @property
    def names(self) -> frozenset[str]:
        """The facts that it knows."""
        ...

    async def facts(
        self, asked: Sequence[Asked], wanted: frozenset[str], now: datetime
    ) -> Sequence[Mapping[str, FactValue]]:
        """For each job what is known of it, of those that are wanted. Raises StoreUnavailable."""
        ...


class PathsOfJobs(Protocol):
    """What paths add to the plans of jobs."""

    @property
    def any(self) -> bool:
        """Whether there is a path that takes part in jobs at all."""
        ...

    def planned(
        self, request: JobRequest, facts: Facts, problem_fingerprint: str, planned: JobPlanned, policy: Policy
    ) -> JobPlanned:
        """The plan with what a path adds to it; the very same where none does."""
        ...


Relieved = Callable[[datetime], Collection[Lane]]
"""On which lanes nothing is only measured at a moment."""


def nowhere(_now: datetime) -> Collection[Lane]:
    """No lane has too much to do."""
    return ()


class Planning:
    """Gathers the facts of jobs and plans them."""

    def __init__(
        self,
        lanes: Lanes,
        policy: AskPolicy = built_in,
        sources: Sequence[FactSource] = (),
        paths: PathsOfJobs | None = None,
        relieved: Relieved = nowhere,
        candidates: Candidates | None = None,
    ) -> None:
        self._relieved = relieved
        self._candidates = candidates
        self._lanes = lanes
        self._policy = policy
        self._sources = sources
        self._paths = paths

    async def of(
        self, checked: Sequence[Outcome], now: datetime
    ) -> tuple[Sequence[Facts | None], Sequence[JobPlanned | None]]:
        """For each job what is known of it, and its plan where it is made here; None for what was not admitted. Raises
        StoreUnavailable.
        """
        facts: list[Facts | None] = [self._always(each) if type(each) is Admitted else None for each in checked]
        plans: list[JobPlanned | None] = [None] * len(checked)
        policy = await self._policy()
        earlier = await self._earlier(checked)
        if policy is not DEFAULT:
            admitted = [(place, each) for place, each in enumerate(checked) if isinstance(each, Admitted)]
            lanes = self._relieved(now)
            told = await self._told(policy, [each for _, each in admitted], now)
            for (place, _), more in zip(admitted, told, strict=True):
                known = facts[place]
                assert known is not None
                facts[place] = known = with_told(known, {**more, **_of_earlier(policy, earlier.get(place), now)})
                planned = routing.plan(known, policy)
                plans[place] = without_measures(planned, lanes) if lanes else planned
        if self._paths is not None and self._paths.any:
            for place, each in enumerate(checked):
                if isinstance(each, Admitted):
                    plans[place] = self._measured(self._paths, each, facts[place], plans[place], policy)
        for place, found in earlier.items():
            known = facts[place]
            assert known is not None
            planned = plans[place] or routing.plan(known, policy)
            plans[place] = with_candidate(planned, found, known.budget_s, alone=known.alone)
        return facts, plans

    async def _earlier(self, checked: Sequence[Outcome]) -> Mapping[int, Candidate | str]:
        """By its place, the earlier answer of each question that names one, or why it may not compete."""
        named = [
            (place, each)
            for place, each in enumerate(checked)
            if type(each) is Admitted and CANDIDATE_PARAM in each.request.params
        ]
        if not named or self._candidates is None:
            return {}
        found = await self._candidates.of([each for _, each in named])
        return {place: one for (place, _), one in zip(named, found, strict=True)}

    def _measured(
        self, paths: PathsOfJobs, admitted: Admitted, facts: Facts | None, planned: JobPlanned | None, policy: Policy
    ) -> JobPlanned | None:
        """The plan of a job with what a path adds to it; None, as before, where none does and it is made elsewhere."""
        assert facts is not None
        known = planned or routing.plan(facts, policy)
        found = paths.planned(admitted.request, facts, admitted.admission.problem_fingerprint, known, policy)
        return planned if found is known else within_windows(found, policy.document, facts.tier)

    def _always(self, admitted: Admitted) -> Facts:
        """What is known of every job."""
        lanes, params = self._lanes, admitted.request.params
        regions = regions_of(params) if REGIONS_PARAM in params else None
        quantum_available = lanes.takes("quantum", regions)
        return inputs_of(
            admitted.request,
            admitted.admission,
            quantum_available=quantum_available,
            simulator_available=lanes.takes("simulator", regions),
            quantum_barred=not quantum_available and "quantum" in lanes.there,
        )

    async def _told(self, policy: Policy, admitted: Sequence[Admitted], now: datetime) -> list[Mapping[str, FactValue]]:
        """For each job what the policy asks beyond that."""
        known = [self._known(policy, each, now) for each in admitted]
        for source in self._sources:
            wanted = source.names & policy.reads
            if wanted:
                asked = [Asked(each.request, each.admission.problem_fingerprint) for each in admitted]
                for told, more in zip(known, await source.facts(asked, wanted, now), strict=True):
                    told.update(more)
        return [{name: value for name, value in told.items() if name in policy.reads} for told in known]

    def _known(self, policy: Policy, admitted: Admitted, now: datetime) -> dict[str, FactValue]:
        request = admitted.request
        told = requested(
            policy,
            tenant=request.tenant,
            tier=request.tier,
            deadline=request.deadline,
            latency_budget_s=request.latency_budget_s,
            problem_fingerprint=admitted.admission.problem_fingerprint,
            now=now,
        )
        if policy.reads & {"quantum_queue", "quantum_qubits_max", "calibration_age_s", "quantum_drifted"}:
            state = self._lanes.state("quantum", now)
            told |= {
                "quantum_queue": state.queue,
                "quantum_qubits_max": state.qubits_max,
                "calibration_age_s": state.calibration_age_s,
                "quantum_drifted": state.drifted,
            }
        return told


def _of_earlier(policy: Policy, found: Candidate | str | None, now: datetime) -> dict[str, FactValue]:
    """What the policy asks of the earlier answer."""
    if not isinstance(found, Candidate):
        return {}
    told: dict[str, FactValue] = {
        "cached_age_s": max(0.0, (now - found.answered_at).total_seconds()),
        "cached_same": found.same,
    }
    return {name: value for name, value in told.items() if name in policy.reads}
