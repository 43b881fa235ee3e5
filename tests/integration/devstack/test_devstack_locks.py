"""The local Kafka's logins, files and certificates."""

from __future__ import annotations

import json
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest
from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]

from queuebit_devstack.errors import DataUnusable
from queuebit_devstack.external import External
from queuebit_devstack.java import Java
from queuebit_devstack.kafka import KafkaCluster, plan_nodes
from queuebit_devstack.kafka_users import client_file, load_passwords
from queuebit_devstack.stack import start_stack
from queuebit_runtime.access.login import refusal


async def test_over_tls_only_who_trusts_its_authority_speaks_to_it_and_all_its_files_are_private(
    tmp_path: Path,
) -> None:
    async with await start_stack(tmp_path, external=External(), postgres=False, tls=True) as stack:
        access = stack.access()
        assert access.kafka_security_protocol == "SASL_SSL"
        async with AIOKafkaProducer(**stack.client()) as producer:
            assert await producer.client.fetch_all_metadata()
        assert "certificate" in str(await refusal(access.model_copy(update={"kafka_ca_file": None})))
        login = json.loads(client_file(tmp_path, "upstream").read_text())
        assert login["ssl_cafile"] == str(access.kafka_ca_file)

        secrets = load_passwords(tmp_path).values()
        command_lines = [word for process in psutil.process_iter(["cmdline"]) for word in process.info["cmdline"] or ()]
        assert not [word for word in command_lines if any(secret in word for secret in secrets)]

    # Other than the folder, whose other files hold nothing of anybody.
    private = [*tmp_path.glob("kafka-users/**/*"), *tmp_path.glob("kafka-of-1/kafka-1/data/**/*")]
    private.append(tmp_path / "kafka-of-1" / "kafka-1" / "server.properties")
    assert len(private) > 20
    assert [path for path in private if path.stat().st_mode & 0o077] == []


@pytest.mark.parametrize("lost", ["no users yet", "passwords"])
async def test_data_of_a_kafka_without_our_users_is_refused_before_anything_is_changed(
    tmp_path: Path, lost: str
) -> None:
    nodes = plan_nodes(tmp_path, 1)
    (nodes[0].folder / "data").mkdir(parents=True)
    (nodes[0].folder / "data" / "meta.properties").touch()
    scheme = "PLAINTEXT:PLAINTEXT" if lost == "no users yet" else "CLIENTS:SASL_PLAINTEXT"
    nodes[0].properties.write_text(f"listener.security.protocol.map={scheme}\n")

    with pytest.raises(DataUnusable, match=r"Move .*kafka-of-1 away"):
        await KafkaCluster(tmp_path, nodes, Java(Path("/no/java"), 25), ()).prepare()

    assert nodes[0].properties.read_text() == f"listener.security.protocol.map={scheme}\n"
    assert load_passwords(tmp_path) == {}
