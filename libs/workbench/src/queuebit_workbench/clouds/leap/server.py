"""The cloud's HTTP side."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from queuebit_workbench.clouds.faults import Fault, Faults
from queuebit_workbench.clouds.http import Asked, Loopback, Reply
from queuebit_workbench.clouds.leap.cloud import Behaviour, Cloud, Refused

VERSION = "3.0.0"
TOKEN = "loopback"  # noqa: S105

Serve = Callable[["Server", str, Asked], Reply]


class Server:
    """One cloud on a port of loopback, in threads of its own."""

    def __init__(self, cloud: Cloud, port: int = 0) -> None:
        self.cloud = cloud
        self.faults = Faults()
        self.record: Callable[[Asked], Reply] = self._replied
        """Whoever listens stands here, and asks the one before."""
        self._http = Loopback(lambda asked: self.record(asked), self.faults, port)
        self.start, self.close = self._http.start, self._http.close

    @property
    def url(self) -> str:
        return self._http.url

    def env(self) -> dict[str, str]:
        """What makes an unmodified client come here."""
        return env_at(self.url, self.cloud.solvers)

    def _replied(self, asked: Asked) -> Reply:
        try:
            own = asked.path.startswith("/_loopback")
            if not own and asked.headers.get("x-auth-token") != TOKEN:
                raise Refused(401, "Invalid token or access denied")
            for verb, pattern, media, serve in ROUTES:
                match = re.fullmatch(pattern, asked.path) if verb == asked.method else None
                if match is not None:
                    reply = serve(self, unquote(match[1]) if match.groups() else "", asked)
                    kind = f"application/vnd.dwave.sapi.{media}+json; version={VERSION}" if media else reply.kind
                    return replace(reply, kind=kind)
            raise Refused(404, f"There is no {asked.method} {asked.path}.")
        except Refused as error:
            return Reply(error.status, {"error_code": error.status, "error_msg": error.message})


def env_at(url: str, solvers: Iterable[str]) -> dict[str, str]:
    """What makes an unmodified client come to a cloud at an address, and use these annealers."""
    return {
        "DWAVE_API_ENDPOINT": f"{url}/",
        "DWAVE_API_TOKEN": TOKEN,
        "QUEUEBIT_LEAP_SOLVERS": ",".join(solvers),
    }


def _solvers(server: Server, _: str, __: Asked) -> Reply:
    return Reply(200, list(server.cloud.solvers.values()))


def _solver(server: Server, name: str, _: Asked) -> Reply:
    if name not in server.cloud.solvers:
        raise Refused(404, "Solver does not exist or apitoken does not have access")
    return Reply(200, dict(server.cloud.solvers[name]))


def _submit(server: Server, _: str, asked: Asked) -> Reply:
    """Each problem by itself: one that is refused says so in its place."""
    told: list[dict[str, Any]] = []
    for each in asked.document:
        try:
            told.append(server.cloud.shown(server.cloud.submit(each)))
        except Refused as error:
            told.append({"error_code": error.status, "error_msg": error.message})
    return Reply(200, told)


def _problems(server: Server, _: str, asked: Asked) -> Reply:
    return Reply(200, server.cloud.listed(asked.query))


def _problem(server: Server, problem_id: str, _: Asked) -> Reply:
    problem = server.cloud.problem(problem_id)
    answer = {} if problem.answer is None else {"answer": problem.answer}
    return Reply(200, {**server.cloud.shown(problem), **answer})


def _answer(server: Server, problem_id: str, _: Asked) -> Reply:
    problem = server.cloud.problem(problem_id)
    if problem.answer is None:
        raise Refused(404, "There is no answer yet.")
    return Reply(200, {"answer": problem.answer})


def _messages(server: Server, problem_id: str, _: Asked) -> Reply:
    problem = server.cloud.problem(problem_id)
    return Reply(200, [{"severity": "ERROR", "message": problem.message}] if problem.message else [])


def _cancel(server: Server, problem_id: str, _: Asked) -> Reply:
    return Reply(200, server.cloud.shown(server.cloud.cancel(problem_id)))


def _cancel_all(server: Server, _: str, asked: Asked) -> Reply:
    told: list[dict[str, Any]] = []
    for each in asked.document:
        try:
            told.append(server.cloud.shown(server.cloud.cancel(str(each))))
        except Refused as error:
            told.append({"error_code": error.status, "error_msg": error.message})
    return Reply(200, told)


def _told(server: Server, _: str, __: Asked) -> Reply:
    problems = [server.cloud.shown(problem) for problem in list(server.cloud.problems.values())]
    return Reply(200, {"problems": problems, "jobs": [{"id": each["id"], "key": each["label"]} for each in problems]})


def _command(server: Server, _: str, asked: Asked) -> Reply:
    """New faults take the place of the old ones; behaviour that is not named is as at the start."""
    body: dict[str, Any] = asked.document
    server.faults.table = [Fault(**each) for each in body.get("faults", ())]
    server.faults.without = tuple(body.get("without", ()))
    server.cloud.behaviour = replace(Behaviour(), **body.get("behaviour", {}))
    return Reply(200, {})


ROUTES: tuple[tuple[str, str, str, Serve], ...] = (
    ("GET", "/solvers/remote/?", "solver-definition-list", _solvers),
    ("GET", "/solvers/remote/([^/]+)/?", "solver-definition", _solver),
    ("POST", "/problems/?", "problems", _submit),
    ("GET", "/problems/?", "problems", _problems),
    ("DELETE", "/problems/?", "problems", _cancel_all),
    ("GET", "/problems/([^/]+)/?", "problem", _problem),
    ("DELETE", "/problems/([^/]+)/?", "problem", _cancel),
    ("GET", "/problems/([^/]+)/answer/?", "problem-answer", _answer),
    ("GET", "/problems/([^/]+)/messages/?", "problem-message", _messages),
    ("GET", "/_loopback", "", _told),
    ("PUT", "/_loopback", "", _command),
)
"""Method, path, what the answer is in Leap's media types, and who gives it."""


def started(port: int = 0) -> Server:
    """A cloud with two annealers, on a port of its own unless one is named."""
    import dwave.samplers  # noqa: F401 - no question is to wait for it

    from queuebit_workbench.clouds.leap.execution import executed, solvers

    server = Server(Cloud(solvers(), executed), port)
    server.start()
    return server
