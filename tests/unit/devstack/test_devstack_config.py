"""What the servers are told, and which of them are ours to start."""

from pathlib import Path

import pytest

from queuebit_devstack.containers import Source, choose_source, kafka_environment
from queuebit_devstack.errors import DevstackError
from queuebit_devstack.external import External, default_data_dir
from queuebit_devstack.java import Java
from queuebit_devstack.kafka_config import Node, bootstrap, jvm_flags, properties_text
from queuebit_devstack.kafka_tls import TlsFiles
from queuebit_devstack.postgres import SETTINGS, Account
from queuebit_devstack.supervise import service_specs
from queuebit_runtime.access.settings import KafkaAccess

NODES = tuple(Node(number, Path(f"/data/kafka-{number}"), 9000 + number, 9100 + number) for number in (1, 2, 3))
PASSWORDS = {"admin": "a-secret", "broker": "b-secret", "controller": "c-secret"}


def properties(node: Node, nodes: tuple[Node, ...]) -> dict[str, str]:
    return dict(line.split("=", 1) for line in properties_text(node, nodes, PASSWORDS).splitlines())


def test_one_broker_replicates_nothing() -> None:
    settings = properties(NODES[0], NODES[:1])
    assert settings["listeners"] == "CLIENTS://127.0.0.1:9001,CONTROLLER://127.0.0.1:9101"
    assert settings["controller.quorum.voters"] == "1@127.0.0.1:9101"
    assert settings["log.dirs"] == "/data/kafka-1/data"
    assert {name: value for name, value in settings.items() if "replication.factor" in name} == {
        "default.replication.factor": "1",
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.replication.factor": "1",
        "share.coordinator.state.topic.replication.factor": "1",
    }
    assert settings["min.insync.replicas"] == "1"
    assert settings["auto.create.topics.enable"] == "false"
    assert settings["message.max.bytes"] == settings["replica.fetch.max.bytes"] == "4194304"


def test_three_brokers_survive_the_loss_of_one() -> None:
    settings = properties(NODES[1], NODES)
    assert settings["node.id"] == "2"
    assert settings["controller.quorum.voters"] == "1@127.0.0.1:9101,2@127.0.0.1:9102,3@127.0.0.1:9103"
    assert settings["default.replication.factor"] == settings["offsets.topic.replication.factor"] == "3"
    assert settings["min.insync.replicas"] == settings["transaction.state.log.min.isr"] == "2"
    assert bootstrap(NODES) == "127.0.0.1:9001,127.0.0.1:9002,127.0.0.1:9003"


def test_nobody_is_let_in_without_a_login_and_nobody_may_do_what_no_rule_allows() -> None:
    settings = properties(NODES[0], NODES)
    assert settings["listener.security.protocol.map"] == "CLIENTS:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT"
    assert settings["sasl.enabled.mechanisms"] == settings["sasl.mechanism.inter.broker.protocol"] == "SCRAM-SHA-512"
    assert settings["listener.name.controller.sasl.enabled.mechanisms"] == "PLAIN"
    assert settings["allow.everyone.if.no.acl.found"] == "false"
    assert settings["super.users"] == "User:admin;User:broker;User:controller"
    assert settings["listener.name.clients.scram-sha-512.sasl.jaas.config"] == (
        'org.apache.kafka.common.security.scram.ScramLoginModule required username="broker" password="b-secret";'
    )
    assert settings["listener.name.controller.plain.sasl.jaas.config"] == (
        'org.apache.kafka.common.security.plain.PlainLoginModule required username="controller" password="c-secret"'
        ' user_controller="c-secret";'
    )


def test_with_tls_both_listeners_speak_it_and_java_may_compile_it_well() -> None:
    text = properties_text(NODES[0], NODES, PASSWORDS, TlsFiles(Path("/s.pem"), Path("/ca.pem")))
    settings = dict(line.split("=", 1) for line in text.splitlines())
    assert settings["listener.security.protocol.map"] == "CLIENTS:SASL_SSL,CONTROLLER:SASL_SSL"
    assert (settings["ssl.keystore.location"], settings["ssl.truststore.location"]) == ("/s.pem", "/ca.pem")
    slow = "-XX:TieredStopAtLevel=1"
    assert slow in jvm_flags(NODES[0], NODES, Java(Path("java"), 17))
    assert slow not in jvm_flags(NODES[0], NODES, Java(Path("java"), 17), tls=True)


def test_a_broker_writes_only_below_its_folder() -> None:
    flags = jvm_flags(NODES[0], NODES[:1], Java(Path("java"), 17))
    assert "-Xmx512m" in flags
    assert "-Djava.io.tmpdir=/data/kafka-1/tmp" in flags
    assert "-XX:-UsePerfData" in flags
    assert "-Xmx320m" in jvm_flags(NODES[0], NODES, Java(Path("java"), 17))


def test_the_database_is_durable() -> None:
    assert {name: SETTINGS[name] for name in ("fsync", "synchronous_commit", "full_page_writes")} == {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
    }
    assert Account(65534, 65533).prefix[:3] == ("setpriv", "--reuid=65534", "--regid=65533")


@pytest.mark.parametrize(
    ("url", "wish", "docker", "source"),
    [
        ("postgresql://x", "docker", True, Source.URL),
        (None, None, True, Source.DOCKER),
        (None, "auto", True, Source.DOCKER),
        (None, None, False, Source.EMBEDDED),
        ("", "", False, Source.EMBEDDED),
        (None, "embedded", True, Source.EMBEDDED),
        (None, "docker", True, Source.DOCKER),
    ],
)
def test_where_a_server_comes_from(url: str | None, wish: str | None, docker: bool, source: Source) -> None:
    assert choose_source(url, wish, docker) is source


@pytest.mark.parametrize(("wish", "docker"), [("docker", False), ("podman", True)])
def test_a_wish_that_cannot_be_met_is_refused(wish: str, docker: bool) -> None:
    with pytest.raises(DevstackError, match="QUEUEBIT_SERVERS"):
        choose_source(None, wish, docker)


def test_the_container_gets_the_settings_of_the_embedded_broker() -> None:
    environment = kafka_environment("localhost", 5000)
    assert environment["KAFKA_ADVERTISED_LISTENERS"] == "PLAINTEXT://localhost:5000"
    assert environment["KAFKA_LISTENERS"] == "PLAINTEXT://0.0.0.0:9092,CONTROLLER://127.0.0.1:9093"
    assert environment["KAFKA_CONTROLLER_QUORUM_VOTERS"] == "1@127.0.0.1:9093"
    assert environment["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


def test_the_environment_names_running_servers_and_the_data_folder() -> None:
    assert External.from_env({"QUEUEBIT_KAFKA": "h:1", "QUEUEBIT_POSTGRES": ""}) == External(
        KafkaAccess(kafka="h:1"), None
    )
    assert default_data_dir({"QUEUEBIT_DATA": "/x/y"}) == Path("/x/y")
    assert default_data_dir({}) == Path.cwd() / ".queuebit"


def test_a_kafka_given_by_url_may_ask_for_a_login() -> None:
    given = {
        "QUEUEBIT_KAFKA": "h:1",
        "QUEUEBIT_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "QUEUEBIT_KAFKA_USERNAME": "me",
    }
    external = External.from_env(given | {"QUEUEBIT_KAFKA_PASSWORD": "secret"})
    assert external.kafka is not None
    assert (external.kafka.kafka_username, external.kafka.uses_sasl) == ("me", True)
    with pytest.raises(DevstackError, match="set QUEUEBIT_KAFKA_PASSWORD or"):
        External.from_env(given)


def test_every_service_has_its_own_health_port_and_only_the_gateway_the_public_one() -> None:
    specs = service_specs(8080, env={"X": "1"})
    assert [spec.name for spec in specs] == [
        "gateway",
        "control_plane",
        "quantum_adapter",
        "classical_solver",
        "result_validation",
    ]
    assert len({spec.health_port for spec in specs}) == 5
    assert [spec.argv[1:] for spec in specs] == [("-m", f"queuebit_{spec.name}") for spec in specs]
    ours = [{"X": "1", "QUEUEBIT_GROUP_INSTANCE": f"{spec.name}-1"} for spec in specs]
    assert [dict(spec.env) for spec in specs] == [
        {**ours[0], "QUEUEBIT_HTTP_PORT": "8080", "QUEUEBIT_OPERATIONS": "true"},
        *ours[1:],
    ]
