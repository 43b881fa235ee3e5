"""versitygw, an S3 server over a folder that checks signatures, digests and conditions: built once with Go, kept in the cache.

Usage: python -m queuebit_workbench.witnesses.versitygw
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from queuebit_devstack.errors import ToolFailed
from queuebit_devstack.ports import LOOPBACK, free_ports
from queuebit_devstack.processes import end_processes, spawn, tail
from queuebit_workbench.witnesses.errors import WitnessMissing
from queuebit_workbench.witnesses.go_programs import GoProgram

NAME = "versitygw"
PROGRAM = GoProgram(NAME, "github.com/versity/versitygw/cmd/versitygw", "v1.8.0", "versitygw")
READY_S = 20.0
ACCOUNT = {"AWS_ACCESS_KEY_ID": "loopback", "AWS_SECRET_ACCESS_KEY": "loopback-secret", "AWS_REGION": "us-east-1"}


@contextmanager
def serving(program: Path, folder: Path, bucket: str) -> Iterator[Mapping[str, str]]:
    """A server over a folder with one bucket, while this lasts: what a client needs in its environment. Raises ToolFailed."""
    (folder / "buckets" / bucket).mkdir(parents=True)
    (port,) = free_ports(1)
    url = f"http://{LOOPBACK}:{port}"
    log = folder / f"{NAME}.log"
    secrets = {"ROOT_ACCESS_KEY": ACCOUNT["AWS_ACCESS_KEY_ID"], "ROOT_SECRET_KEY": ACCOUNT["AWS_SECRET_ACCESS_KEY"]}
    argv = [str(program), "--port", f"{LOOPBACK}:{port}", "posix", str(folder / "buckets")]
    child = spawn(NAME, argv, marker=NAME, log=log, env={**os.environ, **secrets})
    try:
        until_s = time.monotonic() + READY_S
        while not _answers(url):
            if time.monotonic() > until_s or child.exit_code() is not None:
                raise ToolFailed(f"{NAME} does not answer: {tail(log)}")
            time.sleep(0.02)
        yield {**ACCOUNT, "AWS_ENDPOINT_URL": url}
    finally:
        end_processes([child.record], ask=signal.SIGTERM, grace_s=5.0)


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=2.0).close()  # noqa: S310
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def main() -> int:
    """Build it; returns the exit code."""
    try:
        sys.stdout.write(f"{asyncio.run(PROGRAM.build())}\n")
    except WitnessMissing as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
