"""An API server of Kubernetes on this machine: it takes and refuses what a cluster would, keeps it, and runs nothing.

The program is built from its Go modules, with its store in the same process.
"""

from __future__ import annotations

import secrets
import shutil
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from queuebit_devstack.ports import LOOPBACK, free_ports
from queuebit_devstack.private import private_folder, write_private
from queuebit_workbench.deployment.errors import ServerFailed
from queuebit_workbench.witnesses.errors import WitnessMissing
from queuebit_workbench.witnesses.go_programs import GoSources

VERSION = "1.37.1"
"""Of the modules in `go.mod`; what is not linked in, the server does not know of itself, and helm asks it."""
_STAMPED = {"gitVersion": f"v{VERSION}", "gitMajor": VERSION.split(".")[0], "gitMinor": VERSION.split(".")[1]}
KUBE_APISERVER = GoSources(
    "kube-apiserver",
    "queuebit_workbench.deployment",
    (
        "-trimpath",
        "-ldflags=-s -w "
        + " ".join(f"-X k8s.io/component-base/version.{name}={value}" for name, value in _STAMPED.items()),
    ),
    build_timeout_s=3600.0,
)
MISSING = "kube-apiserver is not here; with Go, `make kubernetes` builds it in a quarter of an hour."
LOG, CERTIFICATES = "server.log", "certificates"
READY_TIMEOUT_S = 120.0
LOOK_INTERVAL_S = 0.2
END_TIMEOUT_S = 30.0


def found() -> Path:
    """The program, where it was built before. Raises WitnessMissing, which says how to have it."""
    if (kept := KUBE_APISERVER.kept) is None:
        raise WitnessMissing(MISSING)
    return kept


@contextmanager
def api_server(program: Path, folder: Path) -> Iterator[Path]:
    """An empty cluster that ends with the block; the file that leads kubectl and helm there. Raises ServerFailed."""
    private_folder(folder)
    port, *store = free_ports(3)
    token = secrets.token_urlsafe(24)
    key = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_private(folder / "accounts.pem", key.decode())
    write_private(folder / "tokens.csv", f"{token},admin,admin,system:masters\n")
    with (folder / LOG).open("wb") as output:
        child = subprocess.Popen(
            [str(program), str(folder / "store"), *map(str, store), *_flags(folder, port)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_ready(child, port, folder)
        write_private(folder / "kubeconfig.yaml", yaml.safe_dump(_config(port, token, folder)))
        yield folder / "kubeconfig.yaml"
    finally:
        child.terminate()
        try:
            child.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        shutil.rmtree(folder / "store", ignore_errors=True)


def _flags(folder: Path, port: int) -> list[str]:
    return [
        f"--secure-port={port}",
        f"--bind-address={LOOPBACK}",
        f"--advertise-address={LOOPBACK}",
        "--endpoint-reconciler-type=none",
        f"--cert-dir={folder / CERTIFICATES}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={folder / 'accounts.pem'}",
        f"--service-account-signing-key-file={folder / 'accounts.pem'}",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--authorization-mode=RBAC",
        "--service-cluster-ip-range=10.0.0.0/24",
    ]


def _config(port: int, token: str, folder: Path) -> dict[str, object]:
    cluster = {"server": f"https://{LOOPBACK}:{port}", "certificate-authority": str(_authority(folder))}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "clusters": [{"name": "here", "cluster": cluster}],
        "users": [{"name": "admin", "user": {"token": token}}],
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "admin"}}],
    }


def _authority(folder: Path) -> Path:
    """The certificate that the server makes for itself at its start."""
    return folder / CERTIFICATES / "apiserver.crt"


def _wait_ready(child: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    deadline_s = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline_s and child.poll() is None:
        try:
            context = ssl.create_default_context(cafile=_authority(folder))
            with urllib.request.urlopen(f"https://{LOOPBACK}:{port}/readyz", timeout=5, context=context):
                return
        except OSError:
            time.sleep(LOOK_INTERVAL_S)
    raise ServerFailed(f"The API server is not ready: {(folder / LOG).read_text(errors='replace')[-600:]}")
