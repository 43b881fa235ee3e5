"""Pages that want a running stack, typed as they stand in a folder that looks like a checkout; `make tutorials` does it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.pages import ROOT, STACK, typed_by
from tests.waiting import wait_until

pytestmark = [pytest.mark.tutorials, pytest.mark.timeout(600)]
TIMEOUT_S = 300.0
AS_IT_IS = "make -o .venv/.ready "
"""The environment is that of the tests: nothing is installed into it."""
PLAIN, CLOUDS = "plain", "clouds"
SUPER_USERS = ("admin", "broker", "controller")
CUT = {"nodes": 5, "edges": [[0, 1], [1, 2], [2, 3], [3, 4], [4, 0], [0, 2]]}
ENERGY = {
    "observable": {"qubits": 2, "terms": [[0.5, "ZZ"], [0.5, "XX"]]},
    "circuit": 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; h q[0]; cx q[0], q[1];',
}
SHIFTS = {
    "profits": [[10, 20, 10, 90, 40], [30, 10, 20, 10, 10], [20, 20, 40, 10, 10]],
    "weights": [[1] * 5] * 3,
    "capacities": [3, 2, 3],
}
QUESTIONS: Mapping[str, Any] = {
    "cut.json": CUT,
    "energy.json": ENERGY,
    "problem.json": {"kind": "maxcut", "statement": CUT},
    "shifts.json": {"kind": "generalised_assignment", "statement": SHIFTS},
    "secret.json": {"kind": "maxcut", "statement": {"nodes": 4, "edges": [[0, 1, 7331], [1, 2, 1337], [2, 3, 4711]]}},
    "patch.json": {"problem": {"statement": {"capacities": [3, 0, 3]}}},
}


@dataclass
class Checkout:
    """A folder with what a checkout has, and what is typed there."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def types(self, text: str, more: Mapping[str, str] | None = None, *, codes: tuple[int, ...] = (0,)) -> str:
        """What it says, both outputs; it ends with one of these codes."""
        done = subprocess.run(
            ["bash", "-c", f"set -euo pipefail\n{text.replace('make ', AS_IT_IS)}"],
            cwd=self.folder,
            env={**self.env, **(more or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_S,
        )
        assert done.returncode in codes, f"{text}\n{done.stdout}"
        return done.stdout

    @contextmanager
    def running(self, text: str, how: signal.Signals = signal.SIGINT) -> Iterator[Callable[[], str]]:
        """What runs until it is ended; the function tells what it has said."""
        said = self.folder / "said.txt"
        with said.open("w") as output:
            child = subprocess.Popen(
                ["bash", "-c", f"exec {text}"], cwd=self.folder, env=self.env, stdout=output, stderr=subprocess.STDOUT
            )
        try:
            yield said.read_text
        finally:
            child.send_signal(how)
            child.wait(60)

    def kept(self, name: str) -> Any:
        return json.loads((self.folder / ".queuebit" / name).read_text())

    def connected(self) -> dict[str, str]:
        """What a client and an operator need of the stack in this folder."""
        client, stack, passwords = self.kept("client.json"), self.kept("stack.json"), self.passwords()
        return {
            "QUEUEBIT_URL": client["url"],
            "QUEUEBIT_API_KEY": client["api_key"],
            "QUEUEBIT_POSTGRES": stack["postgres"],
            "QUEUEBIT_PEPPER": (self.folder / ".queuebit/pepper").read_text(),
            "QUEUEBIT_ARTIFACTS": str(self.folder / ".queuebit/artifacts"),
            "QUEUEBIT_KAFKA": stack["kafka"],
            "QUEUEBIT_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
            "QUEUEBIT_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "QUEUEBIT_KAFKA_USERNAME": "admin",
            "QUEUEBIT_KAFKA_PASSWORD": passwords["admin"],
        }

    def passwords(self) -> dict[str, str]:
        return dict(self.kept("kafka-users/passwords.json"))


def a_checkout(folder: Path) -> Checkout:
    for name in (".venv", "libs", "infra", "services", "tests", "Makefile", "pyproject.toml", "constraints.txt"):
        (folder / name).symlink_to(ROOT / name)
    for name, question in QUESTIONS.items():
        (folder / name).write_text(json.dumps(question))
    env = {name: value for name, value in os.environ.items() if not name.startswith("QUEUEBIT_")}
    path = f"{Path(sys.executable).parent}:{env['PATH']}"
    return Checkout(folder, {**env, "PATH": path, "HOME": str(folder), "BROWSER": "true", "QUEUEBIT_ACTOR": "ada"})


def statement(page: str, begins: str) -> str:
    (found,) = [each for each in typed_by(STACK, page) if each.startswith(begins)]
    return found


@pytest.fixture(scope="module")
def checkout(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A stack as the README starts it, or one whose quantum lane leads to clouds on loopback, with a key that wraps keys."""
    made = a_checkout(tmp_path_factory.mktemp("checkout"))
    if request.param == PLAIN:
        starts = [statement("README.md", "make setup"), statement("README.md", "make up")]
    else:
        key = made.folder / "master.key"
        made.env |= {"QUEUEBIT_QUANTUM_PROVIDERS": "aer,dwave", "QUEUEBIT_MASTER_KEY_FILE": str(key)}
        wraps = statement("how-to/personal-data.md", "echo ").replace("/etc/queuebit/master.key", str(key))
        starts = [wraps, f"{statement('how-to/quantum-providers.md', 'queuebit up')} --with-leap-stub"]
    try:
        made.types("\n".join(starts))
        yield made
    finally:
        said = made.types(statement("README.md", "make down"))
    assert "Stopped" in said


on_plain = pytest.mark.parametrize("checkout", [PLAIN], indirect=True)
on_clouds = pytest.mark.parametrize("checkout", [CLOUDS], indirect=True)


@on_plain
def test_the_readme_submits_and_lists(checkout: Checkout) -> None:
    said = [
        checkout.types(each)
        for each in typed_by(STACK, "README.md")
        if not each.startswith(("make setup", "make down"))
    ]

    assert len(said) == 4
    assert "accepted" in said[1]
    assert "completed" in said[2]


@on_plain
def test_orders_are_asked_and_acted_on_as_the_page_on_results_says(checkout: Checkout) -> None:
    *shell, python = sorted(typed_by(STACK, "how-to/consume-results.md"), key=lambda each: each.startswith("from "))
    said = checkout.types("\n".join(shell).replace("/tmp/inbox", "inbox"))

    assert said.count('"JobCompleted"') >= 2
    assert "1 subscriber" in checkout.types(
        f"python - <<'END'\n{python}\nprint(len(broker.subscribers), 'subscriber')\nEND\n"
    )


@on_plain
def test_many_jobs_a_new_plan_events_and_keys_are_as_the_page_on_http_says(checkout: Checkout) -> None:
    page, env = "how-to/http-api.md", checkout.connected()
    asked = json.loads(checkout.types("queuebit submit shifts.json --lane classical --wait --json", env))
    again, curl = statement(page, "queuebit submit patch.json"), statement(page, "curl ")

    assert "accepted" in checkout.types(f"{again} --wait", {**env, "JOB": asked["id"]})
    curl = curl.replace("$(uuidgen)", "replan-1")
    assert json.loads(checkout.types(curl, {**env, "JOB": asked["id"]}))["object"] == "job"

    every = statement(page, "from queuebit_client")
    said = checkout.types(
        f"python - <<'END'\nimport json\nproblems = [json.load(open('problem.json'))] * 2\n{every}\nEND\n", env
    )
    assert [line.split()[0] for line in said.splitlines()] == ["0", "1"]

    with checkout.running(statement(page, "queuebit watch")) as watched:

        def is_told() -> bool:
            checkout.types("queuebit submit problem.json --lane rule --wait --json", env, codes=(0, 1, 5))
            return "JobCompleted" in watched()

        wait_until(is_told, "a job that ends is told of")

    create, rotate = (statement(page, f"python -m queuebit_gateway keys {verb}") for verb in ("create", "rotate"))
    made = checkout.types(create, env).split()[-1]
    assert made != checkout.types(rotate.replace("0Zk3aB9x", made.split("_")[2]), env).split()[-1]


@on_plain
def test_what_was_used_is_read_as_the_page_on_projections_says(checkout: Checkout) -> None:
    python = statement("how-to/projections.md", "from queuebit_client")
    said: list[str] = []

    def is_counted() -> bool:
        said.append(checkout.types(f"python - <<'END'\n{python}\nEND\n", checkout.connected(), codes=(0, 1)))
        return "jobs are on their way" in said[-1]

    wait_until(is_counted, "somebody has counted")


@on_plain
def test_the_console_opens_and_operators_get_keys_as_its_page_says(checkout: Checkout) -> None:
    page = "how-to/use-the-console.md"
    url = checkout.kept("client.json")["url"]

    assert f"{url}/console/" in checkout.types(f"{statement(page, 'queuebit up')}\nqueuebit console")
    said = checkout.types("\n".join(each for each in typed_by(STACK, page) if each.startswith(("export", "QUEUEBIT_"))))
    asked = httpx2.get(f"{url}/v1/record", headers={"Authorization": f"Bearer {said.split()[-1]}"})
    assert asked.status_code == httpx2.codes.OK
    with checkout.running(f"{statement(page, 'queuebit console --here')} --no-browser") as told:
        wait_until(lambda: "Ctrl-C" in told(), "the console of one process is open")
        here, key = told().split()[1], told().split()[4]
        jobs = f"{here.removesuffix('console/')}v1/jobs?state=completed"
        wait_until(
            lambda: bool(httpx2.get(jobs, headers={"Authorization": f"Bearer {key}"}).json()["data"]), "an example ends"
        )


@on_plain
def test_policies_are_checked_and_applied_as_their_page_says(checkout: Checkout) -> None:
    shutil.copytree(ROOT / "infra/examples/policies", checkout.folder / "policies")
    check, dry, apply = typed_by(STACK, "how-to/ship-policies.md")
    env = checkout.connected()

    assert "It may go on." in checkout.types(check)
    assert checkout.types(dry, env, codes=(1,))
    assert checkout.types(apply, env)
    assert checkout.types(dry, env) is not None


@on_plain
def test_services_are_watched_as_the_page_says(checkout: Checkout) -> None:
    (up,) = typed_by(STACK, "how-to/watch-it.md")

    assert "Prometheus" in checkout.types(up)


@on_plain
def test_users_of_servers_are_made_as_their_pages_say(checkout: Checkout) -> None:
    """Given the passwords that are in force, then nobody is put out; principals of other names come last."""
    env = checkout.connected()
    kafka = {user: word for user, word in checkout.passwords().items() if user not in SUPER_USERS}
    database = {f"queuebit_{each}": "0123456789abcdef" * 2 for each in ("gateway", "control_plane", "quantum_adapter")}
    rights, apply = typed_by(STACK, "how-to/transport.md")

    assert "GRANT" in checkout.types(rights, env)
    (checkout.folder / "passwords.json").write_text(json.dumps(database))
    assert "queuebit_gateway" in checkout.types(apply, env)
    (checkout.folder / "passwords.json").write_text(json.dumps(kafka))
    for line in sorted(typed_by(STACK, "how-to/kafka-access.md"), key=lambda each: "--principal" in each):
        checkout.types(line, env)


PROVIDERS = "how-to/quantum-providers.md"


@on_clouds
def test_what_is_handed_in_is_answered_shown_and_kept_as_the_page_on_providers_says(checkout: Checkout) -> None:
    env = checkout.connected()
    asked = [each for each in typed_by(STACK, PROVIDERS) if each.startswith("queuebit submit ")]
    said = [json.loads(checkout.types(f"{each} --json", env, codes=(0, 1, 5))) for each in asked]
    ran = [(each["ran"] or {}).get("backend", each["reasons"]) for each in said]
    on_device = said[1]["id"]
    listed = json.loads(checkout.types("queuebit submissions list --json", env))["submissions"]
    values = {"JOB": on_device, "KEY": listed[0]["key"]}

    assert all(ran), said
    assert ran[1] == "fake_nairobi", "corrected energies take longer than a busy machine waits: another lane may answer"
    assert [each.startswith(("dwave", "leap", "Advantage")) for each in ran[2:]] == [True] * (len(asked) - 2), ran
    for each in typed_by(STACK, PROVIDERS):
        if each.startswith(("queuebit submissions", "queuebit ops")):
            words = [values.get(word, word) for word in each.split()]
            checkout.types(" ".join(words), env)
    assert (checkout.folder / "ran.qpy").read_bytes()[:6] == b"QISKIT"
    assert (checkout.folder / "job.capsule").stat().st_size > 1_000


@on_clouds
def test_sdks_and_a_cloud_by_itself_are_as_the_page_on_providers_says(checkout: Checkout) -> None:
    checkout.types(statement(PROVIDERS, "make provider-contract"))
    with checkout.running(statement(PROVIDERS, "python -m queuebit_workbench.clouds.ibm"), signal.SIGTERM) as told:
        wait_until(lambda: "\n" in told(), "the cloud says where it is")
        assert "QISKIT_IBM_URL" in json.loads(told().splitlines()[0])


@on_clouds
def test_who_is_erased_is_gone_as_the_page_on_personal_data_says(checkout: Checkout) -> None:
    env = checkout.connected()
    checkout.types("queuebit submit secret.json --lane classical --label data_subject=p-17 --wait", env)
    shown, done = (
        each.replace("acme", "dev").replace("/var/log/queuebit", ".queuebit/logs")
        for each in typed_by(STACK, "how-to/personal-data.md")
        if each.startswith("queuebit erase")
    )

    assert checkout.types(shown, env)
    assert checkout.types(done, env)
