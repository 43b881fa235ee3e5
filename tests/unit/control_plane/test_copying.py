"""Jobs made and changed without `__init__` are those that it makes."""

from __future__ import annotations

from dataclasses import fields, replace

from queuebit_domain.job.copying import copy_with, made
from queuebit_domain.job.evolve import open_job
from queuebit_domain.job.state import OpenJob
from tests.builders import NOW, a_submit


def test_a_job_that_begins_is_the_one_that_the_class_makes() -> None:
    submit = a_submit()
    job = open_job(submit.event, NOW, submit.job_id)

    told = {field.name: getattr(job, field.name) for field in fields(OpenJob)}
    assert job == OpenJob(**told)
    assert job.__dict__.keys() == OpenJob(**told).__dict__.keys()


def test_a_changed_copy_leaves_the_first_as_it_was() -> None:
    submit = a_submit()
    job = open_job(submit.event, NOW, submit.job_id)

    assert copy_with(job, hurried=True) == replace(job, hurried=True)
    assert not job.hurried
    assert made(OpenJob, **job.__dict__) == job
