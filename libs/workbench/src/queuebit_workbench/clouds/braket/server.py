"""The cloud's HTTP side: the service on one port, the bucket of results on another."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from queuebit_workbench.clouds.braket.cloud import ACCOUNT, REGION, Behaviour, Cloud, Refused
from queuebit_workbench.clouds.faults import Fault, Faults
from queuebit_workbench.clouds.http import Asked, Loopback, Reply

BUCKET = "amazon-braket-loopback"
XML = "application/xml"
PAGE = 100

Serve = Callable[["Server", str, Asked], Reply]


def env_at(url: str, bucket_url: str) -> dict[str, str]:
    """What makes unmodified clients go to a cloud on loopback, and to its bucket."""
    return {
        "AWS_ENDPOINT_URL_BRAKET": url,
        "AWS_ENDPOINT_URL": bucket_url,
        "AWS_ACCESS_KEY_ID": "loopback",
        "AWS_SECRET_ACCESS_KEY": "loopback",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "QUEUEBIT_BRAKET_BUCKET": BUCKET,
    }


class Server:
    """One cloud on two ports of loopback, in threads of its own."""

    def __init__(self, cloud: Cloud, port: int = 0) -> None:
        self.cloud = cloud
        self.faults = Faults()
        self.record: Callable[[Asked], Reply] = self._replied
        self.record_object: Callable[[Asked], Reply] = self._object
        """Whoever listens stands here, and asks the one before."""
        self._service = Loopback(lambda asked: self.record(asked), self.faults, port)
        self._bucket = Loopback(lambda asked: self.record_object(asked), self.faults)

    @property
    def url(self) -> str:
        return self._service.url

    def env(self) -> dict[str, str]:
        """What makes unmodified clients come here."""
        return env_at(self._service.url, self._bucket.url)

    def start(self) -> None:
        self._service.start()
        self._bucket.start()

    def close(self) -> None:
        self._service.close()
        self._bucket.close()

    def _replied(self, asked: Asked) -> Reply:
        try:
            for verb, pattern, serve in ROUTES:
                match = re.fullmatch(pattern, asked.path) if verb == asked.method else None
                if match is not None:
                    return serve(self, unquote(match[1]) if match.groups() else "", asked)
            raise Refused(404, "ResourceNotFoundException", f"There is no {asked.method} {asked.path}.")
        except Refused as error:
            return Reply(error.status, {"message": error.message}, headers={"x-amzn-ErrorType": error.name})

    def _object(self, asked: Asked) -> Reply:
        """The S3 that results are fetched from, and who the caller is."""
        if asked.method == "POST":
            return Reply(200, _caller(), "text/xml")
        data = self.cloud.objects.get(unquote(asked.path).lstrip("/"))
        if data is None:
            message = "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>"
            return Reply(404, message, XML)
        return Reply(200, data, "binary/octet-stream", {"ETag": '"loopback"'})


def _device(server: Server, arn: str, _: Asked) -> Reply:
    return Reply(200, dict(server.cloud.device(arn)))


def _devices(server: Server, _: str, __: Asked) -> Reply:
    fields = ("deviceArn", "deviceName", "deviceType", "providerName", "deviceStatus")
    return Reply(200, {"devices": [{name: each[name] for name in fields} for each in server.cloud.devices.values()]})


def _create(server: Server, _: str, asked: Asked) -> Reply:
    return Reply(201, {"quantumTaskArn": server.cloud.create(asked.document).arn})


def _task(server: Server, arn: str, _: Asked) -> Reply:
    return Reply(200, server.cloud.shown(server.cloud.task(arn), details=True))


def _cancel(server: Server, arn: str, _: Asked) -> Reply:
    return Reply(200, {"quantumTaskArn": arn, "cancellationStatus": server.cloud.cancel(arn).state})


def _tasks(server: Server, _: str, asked: Asked) -> Reply:
    body = asked.document
    page = server.cloud.listed(body.get("filters", []), int(body.get("maxResults", PAGE)), body.get("nextToken"))
    return Reply(200, page)


def _tags(server: Server, arn: str, _: Asked) -> Reply:
    return Reply(200, {"tags": server.cloud.shown(server.cloud.task(arn), details=False)["tags"]})


def _told(server: Server, _: str, __: Asked) -> Reply:
    tasks = [server.cloud.shown(task, details=False) for task in server.cloud.tasks.values()]
    jobs = [{"id": each["quantumTaskArn"], "key": each["tags"].get("queuebit")} for each in tasks]
    return Reply(200, {"tasks": tasks, "jobs": jobs})


def _command(server: Server, _: str, asked: Asked) -> Reply:
    """New faults take the place of the old ones; behaviour that is not named is as at the start."""
    body: dict[str, Any] = asked.document
    server.faults.table = [Fault(**each) for each in body.get("faults", ())]
    server.faults.without = tuple(body.get("without", ()))
    server.cloud.behaviour = replace(Behaviour(), **body.get("behaviour", {}))
    return Reply(200, {})


def _caller() -> str:
    identity = f"<Arn>arn:aws:iam::{ACCOUNT}:user/loopback</Arn><UserId>loopback</UserId><Account>{ACCOUNT}</Account>"
    result = f"<GetCallerIdentityResult>{identity}</GetCallerIdentityResult>"
    space = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"'
    return f"<GetCallerIdentityResponse {space}>{result}</GetCallerIdentityResponse>"


ROUTES: tuple[tuple[str, str, Serve], ...] = (
    ("GET", "/device/(.+)", _device),
    ("POST", "/devices", _devices),
    ("POST", "/quantum-task", _create),
    ("GET", "/quantum-task/(.+)", _task),
    ("PUT", "/quantum-task/(.+)/cancel", _cancel),
    ("POST", "/quantum-tasks", _tasks),
    ("GET", "/tags/(.+)", _tags),
    ("GET", "/_loopback", _told),
    ("PUT", "/_loopback", _command),
)


def started(port: int = 0) -> Server:
    """A cloud with a simulator and a machine, on a port of its own unless one is named."""
    from queuebit_workbench.clouds.braket.execution import devices, executed

    server = Server(Cloud(devices(), executed), port)
    server.start()
    return server
