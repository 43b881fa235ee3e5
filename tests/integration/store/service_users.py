"""The users of the services of one namespace on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from queuebit_store.access.grants import SERVICES, Service, reader_of, user_of
from queuebit_store.access.roles import apply_roles
from queuebit_store.postgres import PostgresSettings

PASSWORDS = {service: f"{service}-geheim" for service in SERVICES}


@pytest.fixture
async def users(settings: PostgresSettings, admin: asyncpg.Connection) -> AsyncIterator[dict[Service, str]]:
    """The users of this namespace; gone afterwards."""
    made = await apply_roles(settings, {}, {user_of(each, settings.namespace): PASSWORDS[each] for each in SERVICES})
    yield made
    for user in (*made.values(), reader_of(made["gateway"])):
        await admin.execute(f'DROP OWNED BY "{user}" CASCADE; DROP ROLE "{user}"')


def as_user(settings: PostgresSettings, service: Service) -> PostgresSettings:
    parts = urlsplit(settings.url)
    login = f"{user_of(service, settings.namespace)}:{PASSWORDS[service]}"
    url = urlunsplit(parts._replace(netloc=f"{login}@{parts.netloc.rpartition('@')[2]}"))
    return PostgresSettings(url, namespace=settings.namespace)
