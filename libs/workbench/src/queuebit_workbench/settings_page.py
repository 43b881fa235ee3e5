"""The settings reference: every environment variable of every program, from the models that read them."""

from __future__ import annotations

from typing import NamedTuple

from queuebit_classical_solver.shell.settings import SolverSettings
from queuebit_control_plane.settings import ControlPlaneSettings
from queuebit_gateway.settings import GatewaySettings
from queuebit_quantum_adapter.shell.settings import AdapterSettings
from queuebit_result_validation.settings import ValidationSettings
from queuebit_runtime.service.settings import RuntimeSettings
from queuebit_runtime.service.settings_text import Setting, settings_of
from queuebit_store.artifacts.opening import KEEP_D, KEEP_D_LEAST, KEEP_DEFAULT_D, MIB_DEFAULT, MIB_MAX, PLACE
from queuebit_store.artifacts.port import Shelf
from queuebit_workbench.provider_settings import providers


class Section(NamedTuple):
    """The variables of one program, or of several."""

    title: str
    about: str
    settings: tuple[Setting, ...]


def sections() -> tuple[Section, ...]:
    """Everything that can be set, in the order of the page."""
    shared = set(RuntimeSettings.model_fields)
    return (
        Section("Every service", "Read by each of the five services.", tuple(settings_of(RuntimeSettings))),
        Section("gateway", "Besides what every service reads.", tuple(settings_of(GatewaySettings, without=shared))),
        Section("control-plane", "Besides what every service reads.", tuple(settings_of(ControlPlaneSettings))),
        Section("quantum-adapter", "Besides what every service reads.", tuple(settings_of(AdapterSettings))),
        *(Section(*each) for each in providers()),
        Section(
            "Artifacts",
            "Read by the quantum-adapter, which keeps them, by the gateway, which hands them out, and by `queuebit ops` and "
            "`queuebit submissions`. A bucket is reached with the variables of Amazon's own clients, and needs the extra "
            "`queuebit-store[s3]`.",
            _ARTIFACTS,
        ),
        Section("classical-solver", "Besides what every service reads.", tuple(settings_of(SolverSettings))),
        Section("result-validation", "Besides what every service reads.", tuple(settings_of(ValidationSettings))),
        Section(
            "Tools",
            "Read by `python -m queuebit_store`, `queuebit_runtime` and `queuebit_gateway.access.keys`.",
            _TOOLS,
        ),
        Section(
            "Client and command line", "An argument goes before the environment, that before the profile.", _CLIENT
        ),
        Section("The stack on this machine", "Read by `queuebit up`, `demo`, `make test` and `make bench`.", _LOCAL),
        Section("Telemetry", "Standard names of OpenTelemetry; read where QUEUEBIT_TELEMETRY is otlp.", _TELEMETRY),
    )


_ARTIFACTS = (
    Setting(
        PLACE,
        "Where what providers said and what ran is kept by its hash: a folder, or a bucket of S3. Nothing is kept without.",
        "",
        "absolute path, s3://BUCKET/PREFIX",
        False,
    ),
    Setting(MIB_MAX, "The largest artifact that is kept.", str(MIB_DEFAULT), "MiB", False),
    Setting(
        KEEP_D[Shelf.PAID],
        "How long what proves paid work is kept since it was last seen; 0 for ever.",
        str(KEEP_DEFAULT_D[Shelf.PAID]),
        f"days, >= {KEEP_D_LEAST}",
        False,
    ),
    Setting(
        KEEP_D[Shelf.FREE],
        "The same for what simulators made; 0 for ever.",
        str(KEEP_DEFAULT_D[Shelf.FREE]),
        f"days, >= {KEEP_D_LEAST}",
        False,
    ),
    Setting("AWS_ENDPOINT_URL_S3", "A server other than Amazon's; AWS_ENDPOINT_URL counts too.", "", "URL", False),
    Setting("AWS_REGION", "The region of the bucket.", "", "text", False),
    Setting("AWS_ACCESS_KEY_ID", "Who we are to it.", "", "text", False),
    Setting("AWS_SECRET_ACCESS_KEY", "The key that goes with it.", "", "text", True),
)
_SCHEMA = "The PostgreSQL schema of the tables."
_TOOLS = (
    Setting("QUEUEBIT_POSTGRES", "The database: postgresql://user:password@host:port/name.", None, "URL", True),
    Setting("QUEUEBIT_NAMESPACE", _SCHEMA, "queuebit", "letters, digits, _", False),
    Setting(
        "QUEUEBIT_PEPPER", "The secret that API keys are hashed with; the same as the gateway's.", None, "text", True
    ),
)
_CLIENT = (
    Setting("QUEUEBIT_URL", "The gateway.", "http://127.0.0.1:8080", "URL", False),
    Setting("QUEUEBIT_API_KEY", "The key that opens it.", "none", "text", True),
    Setting("QUEUEBIT_ACTOR", "Who does what `queuebit ops` records.", "the user of this machine", "text", False),
    Setting("QUEUEBIT_PROFILE", "Which profile of the configuration file counts.", "default", "text", False),
    Setting("XDG_CONFIG_HOME", "The folder that holds queuebit/config.toml.", "~/.config", "path", False),
)
_LOCAL = (
    Setting("QUEUEBIT_DATA", "Where the servers keep data, logs and credentials.", ".queuebit", "path", False),
    Setting("QUEUEBIT_CACHE", "Where the jars of Kafka are kept.", "~/.cache/queuebit", "path", False),
    Setting("QUEUEBIT_JAVA", "The java program that runs Kafka.", "the one found, else a wheel's", "path", False),
    Setting("QUEUEBIT_KAFKA", "A broker that runs already: none is started.", "none", "host:port list", False),
    Setting("QUEUEBIT_POSTGRES", "A PostgreSQL that runs already: none is started.", "none", "URL", True),
    Setting(
        "QUEUEBIT_SERVERS", "How the tests get servers that are not given.", "auto", "auto, docker, embedded", False
    ),
    Setting("QUEUEBIT_LOCAL_TLS", "Let the Kafka that is started speak TLS, as `up --tls`.", "0", "0, 1", False),
    Setting("QUEUEBIT_HTTP_PORT", "The gateway's port; a free one if taken.", "8080", "0 to 65535", False),
    Setting("QUEUEBIT_STACK", "Set by `up` for its processes, to know them by. Do not set it.", "none", "path", False),
)
_TELEMETRY = (
    Setting("OTEL_EXPORTER_OTLP_ENDPOINT", "Where traces and metrics go.", "http://localhost:4318", "URL", False),
    Setting("OTEL_EXPORTER_OTLP_HEADERS", "What is sent along, as a key.", "none", "name=value list", True),
)


def page() -> str:
    """The whole page."""
    lines = [
        "# Settings",
        "",
        "Generated by `make schemas` from the models that read them; never edited by hand. All are environment variables. An "
        "empty one counts as not set; a wrong one ends the program with exit code 2 and its name. **Secrets** are shown in no "
        "log and no answer.",
    ]
    for section in sections():
        lines += ["", f"## {section.title}", "", section.about, "", "| variable | meaning | default | values |"]
        lines += ["| --- | --- | --- | --- |", *(_row(each) for each in section.settings)]
    return "\n".join(lines) + "\n"


def _row(setting: Setting) -> str:
    default = "**must be set**" if setting.default is None else setting.default or "(empty)"
    meaning = f"**Secret.** {setting.meaning}" if setting.secret else setting.meaning
    return f"| `{setting.variable}` | {_cell(meaning)} | {_cell(default)} | {_cell(setting.values)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
