"""What a job asked, as a file to ask it anew: the request, a program in Python, or a step of a pipeline."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pprint import pformat
from typing import Any, Literal, assert_never

from queuebit_client.errors import QueuebitError
from queuebit_client.models import Job

Way = Literal["request.json", "python", "ci"]
WAYS: tuple[Way, ...] = ("request.json", "python", "ci")
_OURS = frozenset({"tenant", "deadline"})
"""The tenant is that of the key that asks, and a deadline that has passed would end a job before it begins."""
_WIDTH = 110


class NoQuestion(QueuebitError):
    """What the job asked is not told."""

    code = "no_question"
    remedy = "Its first events lie in an archive, or it was refused: an operator finds them with queuebit ops inspect."


def question_of(submitted: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a request from the data of the job's first event, which was read whole. Raises NoQuestion."""
    request = submitted.get("request")
    if not isinstance(request, Mapping) or not (request.get("problem") or {}).get("statement"):
        raise NoQuestion
    return {name: value for name, value in request.items() if name not in _OURS and value not in (None, {}, [])}


def exported(job: Job, body: Mapping[str, Any], way: Way) -> str:
    """The text of the file. Whatever stands in the question is data there, never code."""
    match way:
        case "request.json":
            return json.dumps(body, indent=2, ensure_ascii=False) + "\n"
        case "python":
            return _PYTHON.format(job=job.id, kind=job.kind, body=pformat(dict(body), width=_WIDTH, sort_dicts=False))
        case "ci":
            return _shell(job, body)
        case _:
            assert_never(way)


_PYTHON = '''"""Asks what job {job} asked ({kind}), and ends with exit code 0 only for an accepted answer.

Needs `pip install queuebit`, and QUEUEBIT_URL and QUEUEBIT_API_KEY in the environment.
"""

import json
import sys

from queuebit_client import Queuebit

REQUEST = {body}

with Queuebit() as queuebit:
    job = queuebit.wait(queuebit.submit_body(REQUEST).id)

said = {{"id": str(job.id), "state": job.state, "verdict": job.verdict, "objective": job.objective, "answer": job.answer}}
print(json.dumps(said))
sys.exit(0 if job.accepted else 1)
'''

_SHELL = """#!/bin/sh
# Asks what job {job} asked ({kind}), as a step of any pipeline: `sh FILE` after `pip install queuebit`,
# with QUEUEBIT_URL and QUEUEBIT_API_KEY in the environment. It fails where the answer is not accepted{bar}.
set -eu
queuebit submit - --wait --json > answer.json <<'QUESTION'
{body}
QUESTION
"""
_CHECK = """python3 - <<'CHECK'
import json
objective = json.load(open("answer.json"))["objective"]
assert objective {compare} {bar!r}, f"objective {{objective}}, and it was {bar!r}"
CHECK
"""


def _shell(job: Job, body: Mapping[str, Any]) -> str:
    sense = job.plan.sense if job.plan else None
    compares = {"min": ("<=", "above"), "max": (">=", "below")}
    known = compares.get(sense or "") if job.accepted and job.objective is not None else None
    bar = f",\n# or its objective {known[1]} {job.objective!r}" if known else ""
    script = _SHELL.format(job=job.id, kind=job.kind, bar=bar, body=json.dumps(body))
    return script + (_CHECK.format(compare=known[0], bar=job.objective) if known else "")
