"""A job from end to end by a client that was generated from the document: `python walk_python.py FOLDER URL KEY`."""

from __future__ import annotations

import importlib
import sys
import time
from typing import Any
from uuid import uuid4

WAIT_S = 60.0


def walk(url: str, key: str) -> None:
    def of(name: str) -> Any:
        return importlib.import_module(f"generated.{name}")

    client = of("client").AuthenticatedClient(base_url=url, token=key)
    problem = {"kind": "maxcut", "statement": {"nodes": 3, "edges": [[0, 1], [1, 2]]}}
    body = of("models.submit_body").SubmitBody.from_dict({"problem": problem, "lane": "classical", "seed": 1})
    named = str(uuid4())
    taken = of("api.jobs.submit_job").sync_detailed(client=client, body=body, idempotency_key=named)
    assert taken.status_code == 202, taken
    again = of("api.jobs.submit_job").sync_detailed(client=client, body=body, idempotency_key=named)
    assert again.parsed.id == taken.parsed.id
    deadline = time.monotonic() + WAIT_S
    while (job := of("api.jobs.read_job").sync(client=client, job_id=taken.parsed.id)).state != "completed":
        assert time.monotonic() < deadline, job.state
        time.sleep(0.05)
    assert job.objective == 2
    assert job.answer.to_dict()["side"][1] != job.answer.to_dict()["side"][0]
    listed = of("api.jobs.list_jobs").sync(client=client, limit=1)
    assert [each.id for each in listed.data] == [job.id]
    explained = of("api.jobs.explain_job").sync(client=client, job_id=job.id)
    assert explained.timeline
    kinds = of("api.kinds.list_kinds").sync(client=client)
    assert "maxcut" in {each.name for each in kinds.data}
    missing = of("api.jobs.read_job").sync_detailed(client=client, job_id=uuid4())
    assert (missing.status_code, missing.parsed.code) == (404, "job_not_found")


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    walk(sys.argv[2], sys.argv[3])
