"""A sender of webhooks as a process that can be killed: `python -m tests.contract.store.a_sender URL NAMESPACE LEASE_S`."""

from __future__ import annotations

import asyncio
import os
import sys
from ipaddress import ip_network

from queuebit_gateway.egress.post import Egress, EgressPolicy
from queuebit_gateway.webhooks.sealing import Sealer
from queuebit_gateway.webhooks.service import WebhookService
from queuebit_runtime.clock import SystemClock
from queuebit_store.postgres import PostgresSettings, PostgresStore

LOOPBACK = EgressPolicy(allowed=(ip_network("127.0.0.0/8"),))
PEPPER = b"a pepper for restarts"
NAME = "queuebit-killed-sender"
"""By which the sessions of such a process are told from all others."""


async def send(settings: PostgresSettings, lease_s: float) -> None:
    """Until it is killed, or cancelled."""
    async with await PostgresStore.open(settings) as store, Egress(LOOPBACK) as egress:
        sealer = Sealer(PEPPER, os.urandom)
        service = WebhookService(store, egress.post, sealer, SystemClock(), interval_s=0.01, lease_s=lease_s)
        await service.run(asyncio.Event())


if __name__ == "__main__":
    url, namespace, lease_s = sys.argv[1:]
    asyncio.run(send(PostgresSettings(url, namespace=namespace, application_name=NAME), float(lease_s)))
