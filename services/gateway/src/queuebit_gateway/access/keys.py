"""`python -m queuebit_gateway keys create|list|rotate|revoke`: API keys, for operators and for the local stack."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import get_args

from queuebit_gateway.access.authentication import DUTY, LIFE, ROLES, SECRET_BITS, Action, row_of
from queuebit_runtime.clock import SystemClock
from queuebit_store.directory.keys import hash_secret, make_key, parse_key
from queuebit_store.errors import StoreError
from queuebit_store.ports import ApiKeyRow, Directory
from queuebit_store.postgres import PostgresSettings, PostgresStore, settings_from

EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_NOT_FOUND = 0, 1, 2, 3
PEPPER_VARIABLE = "QUEUEBIT_PEPPER"
PEPPER_LENGTH_MIN = 16
ID_BITS = 47
DUTY_LENGTH_MAX = 200

_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}")
_TENANT = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


async def create(
    directory: Directory, arguments: argparse.Namespace, *, pepper: bytes, now: datetime, id_bits: int, secret_bits: int
) -> str:
    """Store a new key, and its tenant where that is new; returns its text, which nothing can show again."""
    key = make_key(id_bits, secret_bits)
    life = timedelta(days=arguments.days) if arguments.days else None
    await directory.add_tenant(arguments.tenant, now)
    scopes = (*(arguments.scope or ()), *(f"{DUTY}{each}" for each in arguments.duty or ()))
    row = row_of(
        key, pepper, arguments.tenant, arguments.role, now, life, scopes=scopes,
        networks=arguments.network or (), name=arguments.name, project=arguments.project,
        environment=arguments.environment,
    )  # fmt: skip
    await directory.add_key(row)
    return key


async def rotate(
    directory: Directory, key: str, overlap: timedelta, *, pepper: bytes, now: datetime, id_bits: int, secret_bits: int
) -> str | None:
    """A new key in the place of one, given by its id or by its whole text: as wide, and for as long. The former one ends after
    the overlap. None where there is no such live key.
    """
    parsed = parse_key(key)
    key_id = parsed.key_id if parsed else key
    former = (await directory.find_keys([key_id])).get(key_id)
    if former is None or state_of(former, now) != "live":
        return None
    fresh = make_key(id_bits, secret_bits)
    await directory.add_key(successor(former, fresh, pepper, now, made_by=former.made_by))
    await directory.expire_key(key_id, now + overlap)
    return fresh


def successor(former: ApiKeyRow, key: str, pepper: bytes, now: datetime, *, made_by: str) -> ApiKeyRow:
    """The row of a fresh key that takes the place of another: as wide, and for as long. Raises ValueError."""
    parsed = parse_key(key)
    if parsed is None:
        raise ValueError("This is not an API key of Queuebit.")
    return replace(
        former,
        key_id=parsed.key_id,
        secret_hash=hash_secret(pepper, parsed.secret),
        created_at=now,
        expires_at=None if former.expires_at is None else now + (former.expires_at - former.created_at),
        made_by=made_by,
        last_used_at=None,
    )


async def revoke(directory: Directory, key: str, now: datetime) -> bool:
    """Take a key out of use, by its id or by its whole text; False where there is no such live key."""
    parsed = parse_key(key)
    return await directory.revoke_key(parsed.key_id if parsed else key, now)


def table(rows: Sequence[ApiKeyRow], now: datetime) -> str:
    """One line a key, columns parted by tabs: id, tenant, role, state, created, expires, and what it is narrowed to. The secret
    is not among them.
    """
    lines = ["key\ttenant\trole\tstate\tcreated\texpires\tscopes\tnetworks"]
    for row in rows:
        expires = row.expires_at.date().isoformat() if row.expires_at else "never"
        created = row.created_at.date().isoformat()
        narrowed = (",".join(row.scopes) or "all", ",".join(row.networks) or "any")
        lines.append("\t".join((row.key_id, row.tenant, row.role, state_of(row, now), created, expires, *narrowed)))
    return "\n".join(lines) + "\n"


def state_of(row: ApiKeyRow, now: datetime) -> str:
    """live, expired or revoked."""
    if row.revoked_at is not None:
        return "revoked"
    return "expired" if row.expires_at is not None and row.expires_at <= now else "live"


def main(argv: Sequence[str], env: Mapping[str, str] = os.environ) -> int:
    """Run one command and return the exit status."""
    arguments = _parser().parse_args(argv)
    pepper = env.get(PEPPER_VARIABLE, "")
    if arguments.command in ("create", "rotate") and len(pepper) < PEPPER_LENGTH_MIN:
        sys.stderr.write(f"Set {PEPPER_VARIABLE} to the gateway's secret, at least {PEPPER_LENGTH_MIN} characters.\n")
        return EXIT_USAGE
    try:
        return asyncio.run(_run(arguments, settings_from(env), pepper.encode()))
    except StoreError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_FAILED


async def _run(arguments: argparse.Namespace, database: PostgresSettings, pepper: bytes) -> int:
    now = SystemClock().now()
    async with await PostgresStore.open(database) as store:
        if arguments.command == "list":
            sys.stdout.write(table(await store.list_keys(arguments.tenant), now))
            return EXIT_OK
        if arguments.command == "revoke":
            if await revoke(store, arguments.key, now):
                sys.stderr.write("Revoked; gateways refuse it within five seconds.\n")
                return EXIT_OK
            sys.stderr.write("There is no such key, or it was revoked before.\n")
            return EXIT_NOT_FOUND
        id_bits, secret_bits = secrets.randbits(ID_BITS), secrets.randbits(SECRET_BITS)
        if arguments.command == "rotate":
            overlap = timedelta(hours=arguments.overlap_hours)
            fresh = await rotate(
                store, arguments.key, overlap, pepper=pepper, now=now, id_bits=id_bits, secret_bits=secret_bits
            )
            if fresh is None:
                sys.stderr.write("There is no such live key.\n")
                return EXIT_NOT_FOUND
            sys.stderr.write(f"The new key, shown only now; the former one ends in {arguments.overlap_hours:g} h:\n")
            sys.stdout.write(f"{fresh}\n")
            return EXIT_OK
        key = await create(store, arguments, pepper=pepper, now=now, id_bits=id_bits, secret_bits=secret_bits)
    sys.stderr.write(f"A key of {arguments.tenant} ({arguments.role}), shown only now:\n")
    sys.stdout.write(f"{key}\n")
    return EXIT_OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m queuebit_gateway keys",
        description=f"API keys. The database is QUEUEBIT_POSTGRES, the secret {PEPPER_VARIABLE}.",
        epilog="Exit codes: 0 done, 1 the database refused or does not answer, 2 an argument or a setting is wrong, 3 no key.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    creating = commands.add_parser("create", help="make a key and print it once; adds the tenant where it is new")
    creating.add_argument("--tenant", required=True, type=_tenant)
    creating.add_argument("--role", required=True, choices=ROLES)
    creating.add_argument(
        "--days", type=int, default=LIFE.days, help="until it expires; 0: never (default %(default)s)"
    )
    creating.add_argument(
        "--scope", action="append", choices=sorted(get_args(Action)), help="narrow it to this action; repeatable"
    )
    creating.add_argument(
        "--duty",
        action="append",
        type=_duty,
        help="a role that policies name: it decides on plans that wait; repeatable",
    )
    creating.add_argument(
        "--network", action="append", type=_network, help="it may be used from this network only (CIDR); repeatable"
    )
    creating.add_argument("--name", default="", help="what it is for")
    creating.add_argument("--project", type=_part, help="it is for jobs of this project alone")
    creating.add_argument(
        "--environment", type=_part, help="it is for jobs of this environment alone, such as production"
    )
    rotating = commands.add_parser("rotate", help="make a new key in the place of one, and let that end a while later")
    rotating.add_argument("key", help="the id of the key (8 characters), or the whole key")
    rotating.add_argument(
        "--overlap-hours", type=float, default=24.0, help="for how long both open (default %(default)s)"
    )
    listing = commands.add_parser("list", help="show the keys, also expired and revoked ones; never their secrets")
    listing.add_argument("--tenant", type=_tenant, help="of this tenant only")
    revoking = commands.add_parser("revoke", help="take a key out of use")
    revoking.add_argument("key", help="the id of the key (8 characters), or the whole key")
    return parser


def _part(text: str) -> str:
    if not _PART.fullmatch(text):
        raise argparse.ArgumentTypeError("use letters, digits, and . _ - within")
    return text


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _duty(text: str) -> str:
    if not text.strip() or len(text) > DUTY_LENGTH_MAX or not text.isprintable():
        raise argparse.ArgumentTypeError(f"1 to {DUTY_LENGTH_MAX} printable characters")
    return text


def _tenant(text: str) -> str:
    if not _TENANT.fullmatch(text):
        raise argparse.ArgumentTypeError(
            "1 to 63 lower-case letters, digits, - and _, beginning with a letter or digit"
        )
    return text
