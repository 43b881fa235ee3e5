"""A namespace of the session's broker with its rules, as an operator sets them, and a user that nobody gave a right."""

from __future__ import annotations

import asyncio
import sys
from uuid import uuid4

from pydantic import SecretStr

from queuebit_devstack.processes import child_env, run_tool
from queuebit_devstack.stack import Stack
from queuebit_runtime.access.admin import set_passwords
from queuebit_runtime.access.login import wait_let_in
from queuebit_runtime.access.settings import KafkaAccess

STRANGER = "stranger"
GATEWAY, CONTROL = "gateway", "control-plane"
QUANTUM, CLASSICAL, VALIDATION = "quantum-adapter", "classical-solver", "result-validation"
UPSTREAM, DOWNSTREAM = "upstream", "downstream"
PRINCIPALS = (GATEWAY, CONTROL, QUANTUM, CLASSICAL, VALIDATION, UPSTREAM, DOWNSTREAM, STRANGER)


class Locked:
    """A namespace of the session's broker, prepared as an operator does it, and a user that nobody gave a right."""

    def __init__(self, stack: Stack, namespace: str) -> None:
        self.stack = stack
        self.namespace = namespace
        self._stranger = SecretStr(uuid4().hex)

    async def open(self) -> None:
        users = self.stack.passwords_file
        assert users is not None
        argv = [sys.executable, "-m", "queuebit_runtime", "topics", "--acls", "--users", str(users)]
        own = {**self.stack.env(), "QUEUEBIT_NAMESPACE": self.namespace}
        self.said = await run_tool(argv, env=child_env(self.stack.data_dir, own), timeout_s=60)
        self.said_again = await run_tool(argv, env=child_env(self.stack.data_dir, own), timeout_s=60)
        passwords = {STRANGER: self._stranger.get_secret_value()}
        await asyncio.to_thread(set_passwords, self.stack.access(), passwords)
        await wait_let_in(self.stack.access(), passwords)

    def access(self, user: str) -> KafkaAccess:
        if user != STRANGER:
            return self.stack.access(user)
        changes = {"kafka_username": STRANGER, "kafka_password": self._stranger}
        return self.stack.access().model_copy(update=changes)

    def topic(self, topic: str) -> str:
        return f"{self.namespace}.{topic}"
