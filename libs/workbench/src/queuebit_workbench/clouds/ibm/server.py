"""The cloud's HTTP side."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote

from queuebit_workbench.clouds.http import Asked, Loopback, Reply
from queuebit_workbench.clouds.ibm.cloud import Cloud, Refused
from queuebit_workbench.clouds.ibm.routes import CRN, PREFIX, ROUTES, Site, number_of


def env_at(url: str) -> dict[str, str]:
    """What makes an unmodified client go to a cloud on loopback."""
    return {
        "IAM_URL": url,
        "GLOBAL_SEARCH_URL": url,
        "GLOBAL_CATALOG_URL": f"{url}/api/v1",
        "QISKIT_IBM_TOKEN": "loopback",
        "QISKIT_IBM_URL": f"{url}{PREFIX}",
        "QISKIT_IBM_CHANNEL": "ibm_quantum_platform",
        "QISKIT_IBM_INSTANCE": CRN,
        "USAGE_DATA_OPT_OUT": "True",
    }


def env_of_qrmi_at(url: str, resource: str) -> dict[str, str]:
    """The same of QRMI, for one resource."""
    told = {"ENDPOINT": f"{url}{PREFIX}", "IAM_ENDPOINT": url, "IAM_APIKEY": "loopback", "SERVICE_CRN": CRN}
    return {f"{resource}_QRMI_IBM_QCS_{name}": value for name, value in told.items()}


class Server:
    """One cloud on a port of loopback, in threads of its own."""

    def __init__(self, cloud: Cloud, port: int = 0) -> None:
        self.cloud = cloud
        self.site = Site(cloud)
        self.record: Callable[[Asked], Reply] = self._replied
        """Whoever listens stands here, and asks the one before."""
        self._http = Loopback(lambda asked: self.record(asked), self.site.faults, port)
        self.start, self.close = self._http.start, self._http.close

    @property
    def url(self) -> str:
        return self._http.url

    def env(self) -> dict[str, str]:
        """What makes an unmodified client come here."""
        return env_at(self.url)

    def env_of_qrmi(self, resource: str) -> dict[str, str]:
        """The same of QRMI, for one resource."""
        return env_of_qrmi_at(self.url, resource)

    def answer(self, asked: Asked) -> Reply:
        """What the cloud says. Raises Refused."""
        for verb, pattern, serve in ROUTES:
            match = re.fullmatch(pattern, asked.path) if verb == asked.method else None
            if match is not None:
                if asked.path.startswith(PREFIX):
                    self._let_in(asked)
                version, served = asked.headers.get("ibm-api-version"), self.cloud.behaviour.versions
                if asked.path.startswith(PREFIX) and version and served and version not in served:
                    raise Refused(400, 1300, f"The API version {version} is not served.")
                body = asked.document if asked.body and "json" in asked.headers.get("content-type", "") else {}
                status, content, kind = serve(self.site, [*map(unquote, match.groups())], asked.query, body, version)
                return Reply(status, "" if status == 204 else content, kind)
        raise Refused(404, 1000, f"There is no {asked.method} {asked.path}.")

    def _let_in(self, asked: Asked) -> None:
        """Raises Refused for a token that is not valid any more, and for everybody where the instance is archived."""
        number = number_of(asked.headers.get("authorization"))
        if 0 < number < self.cloud.valid_from:
            raise Refused(401, 1200, "The token is expired or revoked.")
        if self.cloud.behaviour.archived:
            raise Refused(403, 1201, "The instance is archived.")

    def _replied(self, asked: Asked) -> Reply:
        try:
            return self.answer(asked)
        except Refused as error:
            told = {"code": error.code, "message": error.message, "solution": "", "more_info": ""}
            return Reply(error.status, {"errors": [told], "trace": "loopback"})


def started(device: str = "fake_manila", port: int = 0) -> Server:
    """A cloud with one device, on a port of its own unless one is named."""
    from queuebit_workbench.clouds.ibm.execution import documents, fake

    server = Server(Cloud({device: documents(device)}, fake(device)), port)
    server.start()
    return server
