"""`python -m queuebit_runtime topics`: the topics of the channel table on QUEUEBIT_KAFKA, under QUEUEBIT_NAMESPACE, and who may
do what with them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from queuebit_runtime.access.login import wait_let_in
from queuebit_runtime.access.rules import PRINCIPALS, UPSTREAM, access_rules
from queuebit_runtime.bus.kafka.topics import ensure_topics
from queuebit_runtime.errors import BusError, DependencyUnavailable
from queuebit_runtime.service.service import EXIT_CLEAN, EXIT_CRASH, EXIT_UNAVAILABLE, EXIT_USAGE
from queuebit_runtime.service.settings import RuntimeSettings, refuse_settings

NAME = "python -m queuebit_runtime"
TOPICS = "Make the topics of the channel table under QUEUEBIT_NAMESPACE, and set who may do what with them."
EXITS = "Exit codes: 0 done, 1 the broker refused, 2 an argument or a setting is wrong, 8 the broker does not answer."


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """What is asked for. Exits with 2 where that is not clear."""
    parser = argparse.ArgumentParser(
        prog=NAME,
        description="What the services need of Kafka. The broker is QUEUEBIT_KAFKA; how to log in is told by "
        "QUEUEBIT_KAFKA_SECURITY_PROTOCOL and its neighbours, as for every service.",
        epilog=EXITS,
    )
    topics = parser.add_subparsers(required=True).add_parser("topics", help=TOPICS, description=TOPICS, epilog=EXITS)
    topics.add_argument("--acls", action="store_true", help="set the access rules that follow from the channel table")
    topics.add_argument(
        "--principal",
        action="append",
        default=[],
        metavar="ROLE=NAME",
        help=f"how a role is called on this cluster, if otherwise; the roles are {', '.join(PRINCIPALS)}",
    )
    topics.add_argument(
        "--users", type=Path, metavar="FILE", help="a JSON object of user and password: set them, for SCRAM-SHA-512"
    )
    topics.add_argument(
        "--upstream-bytes-per-s",
        type=_rate,
        metavar="N",
        help="each client of the role upstream may publish so many bytes a second (Kafka's producer_byte_rate); 0: no limit",
    )
    given = parser.parse_args(argv)
    given.names = dict(each.split("=", 1) for each in given.principal if "=" in each)
    if len(given.names) != len(given.principal) or not set(given.names) <= set(PRINCIPALS):
        parser.error(f"--principal takes ROLE=NAME, and a role is one of {', '.join(PRINCIPALS)}")
    return given


def _rate(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of bytes a second")
    return int(text)


def main(argv: Sequence[str]) -> int:
    given = parse(argv)
    try:
        settings = RuntimeSettings()
    except ValidationError as error:
        return refuse_settings(NAME, error)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        sys.stdout.write("".join(f"{line}\n" for line in asyncio.run(_prepare(settings, given))))
    except DependencyUnavailable as error:
        sys.stderr.write(f"{error}\n{error.remedy}\n")
        return EXIT_UNAVAILABLE
    except BusError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_CRASH
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{given.users} is no JSON object of user and password: {error}\n")
        return EXIT_USAGE
    return EXIT_CLEAN


async def _prepare(settings: RuntimeSettings, given: argparse.Namespace) -> list[str]:
    """What was done, line by line."""
    passwords = {} if given.users is None else _passwords(given.users)
    created = await ensure_topics(settings, settings.namespace)
    said = [f"created {name}" for name in created] or ["every topic is there"]
    if given.acls:
        from queuebit_runtime.access.admin import apply_rules

        rules = access_rules(settings.namespace, names=given.names)
        granted, withdrawn = await asyncio.to_thread(apply_rules, settings, rules)
        said.append(f"access rules: {len(rules)}, of which new {granted}; withdrawn {withdrawn}")
    if passwords:
        from queuebit_runtime.access.admin import set_passwords

        await asyncio.to_thread(set_passwords, settings, passwords)
        await wait_let_in(settings, passwords)
        said.append(f"users: {', '.join(passwords)}")
    if given.upstream_bytes_per_s is not None:
        from queuebit_runtime.access.admin import limit_upstream

        rate, user = given.upstream_bytes_per_s, given.names.get(UPSTREAM, UPSTREAM)
        await asyncio.to_thread(limit_upstream, settings, user, rate or None)
        said.append(f"{user}: {rate} bytes a second for each client" if rate else f"{user}: no limit of bytes a second")
    return said


def _passwords(path: Path) -> dict[str, str]:
    found = json.loads(path.read_text())
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise ValueError("each value must be a text")
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
