"""`python -m queuebit_store migrate|status|new-epoch|roles`: the tables of the store, and who may do what with them."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from queuebit_store.access.grants import SERVICES
from queuebit_store.access.roles import apply_roles, planned_roles
from queuebit_store.connections.migrations import migrate, new_epoch, schema_status
from queuebit_store.connections.settings import PostgresSettings, settings_from
from queuebit_store.errors import InvalidSettings, StoreError

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_PENDING = 3
"""`status` found a migration without which the services do not start."""
PAST_UNKNOWN = (
    "--past is not given: whether this copy was restored before, and which epoch began then, is not known here."
)
PAST_REMEDY = (
    "Run `queuebit ops new-epoch`, which asks Kafka. Where Kafka is lost, give --past N with the last epoch that ever began, "
    "or --past 0 where this copy was never restored before."
)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m queuebit_store",
        description="The tables of the event store. The database is QUEUEBIT_POSTGRES.",
        epilog="Exit codes: 0 done, 1 the database refused or does not answer, 2 an argument is wrong, 3 one is pending.",
    )
    parser.add_argument("--schema", help="the PostgreSQL schema; else QUEUEBIT_NAMESPACE, else queuebit")
    commands = parser.add_subparsers(dest="command", required=True)
    applying = commands.add_parser("migrate", help="apply the migrations that are pending")
    applying.add_argument("--post", action="store_true", help="also those that need every old service to be gone")
    commands.add_parser("status", help="tell what is applied and what is pending; exit 3 if services would not start")
    beginning = commands.add_parser("new-epoch", help="after a restore: order new events after all stored ones")
    beginning.add_argument(
        "--past",
        type=int,
        help="later than this one, which a restore of the same copy has begun before; 0 where none did. Kafka knows: where it "
        "answers, use `queuebit ops new-epoch`",
    )
    roles = commands.add_parser(
        "roles", help="one user a service, with the least rights: tell the statements, or run them"
    )
    roles.add_argument("--apply", action="store_true", help="run them, as the owner of the tables, who may make users")
    roles.add_argument(
        "--role",
        action="append",
        default=[],
        metavar="SERVICE=USER",
        help=f"how the user of a service is called, if not SCHEMA_SERVICE; the services are {', '.join(SERVICES)}",
    )
    roles.add_argument("--users", type=Path, metavar="FILE", help="a JSON object of user and password: set them")
    return parser


async def _run(arguments: argparse.Namespace, settings: PostgresSettings) -> tuple[int, list[str]]:
    match arguments.command:
        case "migrate":
            applied = await migrate(settings, post=arguments.post)
            return EXIT_OK, [f"applied {name}" for name in applied] or ["nothing to do"]
        case "status":
            status = await schema_status(settings)
            lines = [f"applied {name}" for name in status.applied]
            lines += [f"pending {name}" for name in (*status.pending_pre, *status.pending_post)]
            lines += [f"newer than this version: {name}" for name in status.unknown]
            return EXIT_PENDING if status.pending_pre else EXIT_OK, lines
        case "roles":
            names = dict(each.partition("=")[::2] for each in arguments.role)
            if not arguments.apply:
                return EXIT_OK, [f"{each};" for each in await planned_roles(settings, names)]
            users = await apply_roles(settings, names, _passwords(arguments.users))
            return EXIT_OK, [f"{service}: {user}" for service, user in users.items()]
        case _:
            if arguments.past is None:
                raise InvalidSettings(PAST_UNKNOWN, remedy=PAST_REMEDY)
            return EXIT_OK, [f"epoch {await new_epoch(settings, past=arguments.past)}"]


def _passwords(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise InvalidSettings(f"{path} is no JSON object of user and password: {type(error).__name__}.") from error
    if not isinstance(found, dict) or not all(isinstance(each, str) and each for each in found.values()):
        raise InvalidSettings(f"{path} is no JSON object of user and password.", remedy="Each password must be a text.")
    return found


def main(argv: Sequence[str], env: Mapping[str, str]) -> int:
    """Run one command and return the exit status."""
    arguments = _parser().parse_args(argv)
    try:
        status, lines = asyncio.run(_run(arguments, settings_from(env, namespace=arguments.schema)))
    except StoreError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_FAILED
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
