"""What each provider of our own reads of the environment, for the settings page: its name, who reads what, its variables."""

from __future__ import annotations

from queuebit_runtime.service.settings_text import Setting

NAMES, SECONDS = "names with commas", "seconds"

_IBM = (
    Setting("QUEUEBIT_IBM_BACKENDS", "The backends that are used, in order of preference.", "none", NAMES, False),
    Setting("QUEUEBIT_IBM_QUBITS_MAX", "The largest circuit that is sent there.", "127", "number, > 0", False),
    Setting(
        "QUEUEBIT_IBM_LAG_S", "How long after it was sent a job may still turn up, at most.", "300", SECONDS, False
    ),
    Setting("QUEUEBIT_IBM_DEADLINE_S", "How long one request may take.", "30", SECONDS, False),
    Setting(
        "QUEUEBIT_IBM_CALIBRATION_S",
        "How old what is known of a device's calibration may be before it is asked for again.",
        "3600",
        SECONDS,
        False,
    ),
)
_BRAKET = (
    Setting(
        "QUEUEBIT_BRAKET_DEVICES",
        "The devices by their ARNs, in order of preference; local is Braket's simulator on this machine.",
        "none",
        NAMES,
        False,
    ),
    Setting("QUEUEBIT_BRAKET_BUCKET", "The S3 bucket that results are written to.", "none", "text", False),
    Setting("QUEUEBIT_BRAKET_PREFIX", "The folder in the bucket.", "queuebit", "text", False),
    Setting("QUEUEBIT_BRAKET_QUBITS_MAX", "The largest circuit that is sent to a device.", "30", "number, > 0", False),
    Setting(
        "QUEUEBIT_BRAKET_LAG_S", "How long a task may be missing from Braket's list, at most.", "60", SECONDS, False
    ),
    Setting("QUEUEBIT_BRAKET_DEADLINE_S", "How long one request may take.", "30", SECONDS, False),
)
_CIRQ = (
    Setting(
        "QUEUEBIT_CIRQ_PROCESSORS",
        "The processors whose constraints hold: willow_pink, weber, rainbow.",
        "willow_pink",
        NAMES,
        False,
    ),
)
_DWAVE = (
    Setting(
        "QUEUEBIT_DWAVE_SAMPLERS", "The samplers that are offered: annealing, tabu, descent.", "annealing", NAMES, False
    ),
)
PROVIDERS = (
    ("IBM Quantum", "Read by the quantum-adapter; the account is read by IBM's own client.", _IBM),
    ("Amazon Braket", "Read by the quantum-adapter; the account is read by boto3.", _BRAKET),
    ("Cirq", "Read by the quantum-adapter.", _CIRQ),
    ("D-Wave", "Read by the quantum-adapter.", _DWAVE),
)
