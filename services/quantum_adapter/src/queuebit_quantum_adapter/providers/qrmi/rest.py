"""What QRMI cannot say: the jobs of one batch, and a job in IBM's own words. Reads alone, by REST, each with a deadline."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from queuebit_quantum_adapter.errors import AnswerUnreadable, NotAuthorised, ProviderUnavailable, RunFailed
from queuebit_quantum_adapter.providers.qrmi.offer import variable

API_VERSION = "2026-04-15"
CONNECT_S = 5.0
PAGE, PAGES_MAX = 50, 20
RETRIED = (429, 500, 502, 503, 504)
NOT_FOUND, NOT_LET_IN = 404, (401, 403)


class Rest:
    """The reads of one account."""

    def __init__(self, resource: str, deadline_s: float) -> None:
        self._resource = resource
        self._timeout_s = (CONNECT_S, deadline_s)
        self._session = requests.Session()
        retry = Retry(total=3, backoff_factor=0.2, raise_on_status=False, status_forcelist=RETRIED)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry))

    def jobs(self, session_id: str) -> list[dict[str, Any]]:
        """All jobs of a batch, the oldest first. Raises AdapterError, also for a list in other words."""
        return list(self._listed({"session_id": session_id, "sort": "ASC"}))

    def job(self, job_id: str) -> dict[str, Any] | None:
        """A job; None where there is none. Raises AdapterError."""
        return self._asked(f"/jobs/{job_id}", {"exclude_params": "true"})

    def batches(self, backend: str, after: datetime, before: datetime) -> dict[str, Any]:
        """A page of our user's batches that were opened between two moments, the oldest first. Raises AdapterError."""
        between = {"created_after": after.isoformat(), "created_before": before.isoformat(), "limit": str(PAGE)}
        asked = {"user": "me", "mode": "batch", "backend": backend, "sort": "createdAt", **between}
        return self._asked("/workloads", asked) or {}

    def batch(self, session_id: str) -> dict[str, Any]:
        """What IBM says of one; nothing where there is none. Raises AdapterError."""
        return self._asked(f"/sessions/{session_id}", {}) or {}

    def usage(self, job_id: str) -> dict[str, Any]:
        """What it cost as far as it is known: never 0 where it is not."""
        try:
            usage = (self._asked(f"/jobs/{job_id}/metrics", {}) or {})["usage"]
            return {"qpu_s": usage["qpu_charge_time_seconds"], "status": str(usage["status"])}
        except Exception:
            return {"status": "unknown"}

    def _listed(self, wanted: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        seen = 0
        for page in range(PAGES_MAX):
            found = self._asked("/jobs", {**wanted, "limit": str(PAGE), "offset": str(page * PAGE)})
            try:
                rows, count = list((found or {})["jobs"]), int((found or {})["count"])
                seen += len(rows)
                yield from ({"id": str(row["id"]), "created": str(row["created"])} for row in rows)
            except (KeyError, TypeError, ValueError) as error:
                raise AnswerUnreadable(f"IBM Quantum lists jobs in other words: {error!r}") from error
            if seen >= count:
                return
            if not rows:
                raise AnswerUnreadable(f"IBM Quantum counts {count} jobs and lists {seen}.")
        raise RunFailed(f"There are more than {PAGE * PAGES_MAX} jobs in one batch.")

    def _asked(self, path: str, query: Mapping[str, str]) -> dict[str, Any] | None:
        try:
            if "Authorization" not in self._session.headers:
                self._let_in()
            url = f"{self._of('ENDPOINT')}{path}"
            answer = self._session.get(url, params=dict(query), timeout=self._timeout_s)
            if answer.status_code in NOT_LET_IN:
                self._let_in()
                answer = self._session.get(url, params=dict(query), timeout=self._timeout_s)
            if answer.status_code == NOT_FOUND:
                return None
            if answer.status_code in NOT_LET_IN:
                raise NotAuthorised(f"IBM Quantum does not let us in: {answer.status_code}.")
            answer.raise_for_status()
            found: dict[str, Any] = answer.json()
        except (requests.RequestException, ValueError) as error:
            words = f"IBM Quantum does not answer: {type(error).__name__}: {str(error)[:200]}"
            raise ProviderUnavailable(words) from error
        return found

    def _let_in(self) -> None:
        """A token for the key of the account."""
        form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": self._of("IAM_APIKEY")}
        answer = self._session.post(f"{self._of('IAM_ENDPOINT')}/identity/token", data=form, timeout=self._timeout_s)
        if answer.status_code in (400, *NOT_LET_IN):
            raise NotAuthorised(f"IBM Cloud does not know the key: {answer.status_code}.")
        answer.raise_for_status()
        self._session.headers.update(
            {
                "Authorization": f"Bearer {answer.json()['access_token']}",
                "Service-CRN": self._of("SERVICE_CRN"),
                "IBM-API-Version": API_VERSION,
            }
        )

    def _of(self, name: str) -> str:
        return os.environ[variable(self._resource, name)].rstrip("/")
