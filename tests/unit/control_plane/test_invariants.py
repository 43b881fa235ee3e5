"""Whatever the job is told, in whatever order: the story stays lawful."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from queuebit_contracts import events as ev
from queuebit_contracts.envelope import decode_data, encode_data
from queuebit_contracts.events import TERMINAL_EVENTS, JobEvent
from queuebit_control_plane.heads import head_of
from queuebit_domain.job.decide import decide
from queuebit_domain.job.evolve import evolve
from queuebit_domain.job.label import label
from queuebit_domain.job.messages import Cancel, Message, Wake
from queuebit_domain.job.state import EndedJob, Job, NoJob, OpenJob
from queuebit_domain.job.timers import next_wake
from queuebit_gateway.read_model.stories import Story
from queuebit_gateway.read_model.view import Happened
from tests.builders import JOB_ID, NOW, a_failure, a_refusal, a_start, a_submit, a_success, a_verdict

LEGS = (
    "primary-quantum",
    "primary-simulator",
    "primary-classical",
    "baseline-classical",
    "fallback-simulator",
    "fallback-classical",
    "fallback-rule",
)
legs = st.sampled_from(LEGS)
numbers = st.integers(1, 3)


class AJobThatHearsAnything(RuleBasedStateMachine):
    """Messages arrive late, twice, out of order and from attempts that never were; time only goes forward."""

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = NOW
        self.job: Job = NoJob()
        self.events: list[tuple[JobEvent, datetime]] = []
        self.story = Story(JOB_ID)

    def tell(self, message: Message) -> list[JobEvent]:
        before = self.job
        decided, self.job = decide(before, message, self.now, JOB_ID)
        folded = before
        for event in decided:
            folded = evolve(folded, event, self.now, JOB_ID)
            self.events.append((event, self.now))
            self.story.tell([Happened(len(self.events), self.now, event)], 0)
        assert folded == self.job
        repeated, _ = decide(self.job, message, self.now, JOB_ID)
        assert list(repeated) == [] or isinstance(message, ev.ExecutionProgressed)
        return list(decided)

    @rule(lane=st.sampled_from(["auto", "quantum", "simulator", "classical", "rule"]))
    @precondition(lambda self: isinstance(self.job, NoJob))
    def submit(self, lane: str) -> None:
        self.tell(a_submit(lane))  # type: ignore[arg-type]

    @rule(leg=legs, number=numbers)
    def start(self, leg: str, number: int) -> None:
        self.tell(a_start(leg, number))

    @rule(leg=legs, number=numbers)
    def succeed(self, leg: str, number: int) -> None:
        self.tell(a_success(leg, number))

    @rule(leg=legs, number=numbers, verdict=st.sampled_from(["accepted", "needs_review"]), objective=st.integers(0, 6))
    def validate(self, leg: str, number: int, verdict: str, objective: int) -> None:
        self.tell(a_verdict(leg, number, verdict=verdict, objective=objective))

    @rule(leg=legs, number=numbers)
    def reject(self, leg: str, number: int) -> None:
        self.tell(a_refusal(leg, number))

    @rule(
        leg=legs, number=numbers, code=st.sampled_from(["worker_lost", "no_backend", "problem_infeasible", "internal"])
    )
    def fail(self, leg: str, number: int, code: str) -> None:
        self.tell(a_failure(leg, number, code=code))

    @rule(seconds=st.floats(0.1, 400))
    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    @precondition(lambda self: isinstance(self.job, OpenJob))
    def wake_when_due(self) -> None:
        due = next_wake(self.job)
        assert due is not None
        self.now = max(self.now, due)
        assert self.tell(Wake()), "a job that asks to be woken has something to do"

    @rule()
    def wake_too_soon(self) -> None:
        self.tell(Wake())

    @rule(tenant=st.sampled_from(["acme", "other"]))
    def cancel(self, tenant: str) -> None:
        before = self.job
        decided = self.tell(Cancel(tenant, "ada", ""))
        assert bool(decided) == (isinstance(before, OpenJob) and tenant == "acme")

    @invariant()
    def one_end_and_nothing_after_it(self) -> None:
        told = [event for event, _ in self.events if not isinstance(event, ev.LateUsageReported)]
        ends = [position for position, event in enumerate(told) if isinstance(event, TERMINAL_EVENTS)]
        assert ends in ([], [len(told) - 1])
        assert isinstance(self.job, EndedJob) == bool(ends)

    @invariant()
    def an_open_job_can_always_go_on(self) -> None:
        if isinstance(self.job, OpenJob):
            assert next_wake(self.job) is not None

    @invariant()
    def list_and_view_and_fold_name_one_state(self) -> None:
        if isinstance(self.job, NoJob):
            return
        view = self.story.view(JOB_ID, "acme", with_plan=False)
        assert (head_of(self.job).state, view.state) == (label(self.job), label(self.job))

    @invariant()
    def the_stored_text_gives_the_same_job(self) -> None:
        job: Job = NoJob()
        for event, at in self.events:
            job = evolve(job, decode_data(type(event), encode_data(event)), at, JOB_ID)  # type: ignore[arg-type]
        assert job == self.job


TestAJobThatHearsAnything = AJobThatHearsAnything.TestCase
TestAJobThatHearsAnything.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
