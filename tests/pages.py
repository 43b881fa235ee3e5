"""What the pages show to be typed, statement by statement, and who types it: a test, or nobody, with the reason.

A statement of a shell goes on over the lines that belong to it; a block of Python is one. What is generated is left out, and so
are tutorials, of which every block is typed (tests/e2e/test_tutorials.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "infra/docs"
GENERATED_OR_TYPED_WHOLE = ("reference/", "tutorials/")
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"^    ((?:queuebit|make|python|curl|marqov-capsule|SELECT|GRANT|ALTER) .*)$", re.MULTILINE)
_SHELLS = ("console", "sh", "bash")

OPS_PAGES = "integration/operations/test_ops_pages.py"
RUN_HERE = "unit/workbench/test_pages_run.py"
SERVED = "contract/http/test_http_pages.py"
STACK = "e2e/test_pages_on_a_stack.py"
RUNBOOKS = "integration/operations/test_runbooks.py"
COMMANDS = "e2e/test_commands.py"
ALL = ("",)

Typed = Mapping[str, tuple[str, ...]]
"""By test: how the statements begin that it types."""
RUN_BY: Mapping[str, Typed] = {
    "README.md": {
        RUN_HERE: (".venv/bin/queuebit run",),
        STACK: ("make setup", "make up", ".venv/bin/queuebit submit", ".venv/bin/queuebit list", "make help", "make down"),
        "e2e/test_readme.py": ("import json",),
        COMMANDS: ("make demo",),
        "unit/workbench/test_console_verb.py": (".venv/bin/queuebit console --here",),
    },
    "explanation/circuits.md": {RUN_HERE: ALL},
    "explanation/honesty-report.md": {RUN_HERE: ("queuebit run",), SERVED: ("queuebit report",)},
    "explanation/sizing.md": {"unit/workbench/test_shapes.py": ALL},
    "how-to/add-a-problem-kind.md": {RUN_HERE: ALL},
    "how-to/audit-the-log.md": {OPS_PAGES: ALL},
    "how-to/backends.md": {
        RUN_HERE: ("queuebit circuit", "queuebit backends rank"),
        SERVED: (
            *("queuebit backends list", "queuebit backends show", "queuebit backends compare"),
            *("queuebit backends report", "queuebit jobs"),
        ),
    },
    "how-to/binary-programs.md": {RUN_HERE: ALL},
    "how-to/budgets.md": {OPS_PAGES: ALL},
    "how-to/consume-results.md": {
        STACK: (".venv/bin/", "cat ", "from faststream"),
        SERVED: ("curl ",),
    },
    "how-to/deploy-on-kubernetes.md": {
        "unit/deployment/test_pages.py": (
            *("export NAMESPACE", "export KAFKA", "export POSTGRES", "umask", "kubectl", "cat >"),
            "helm upgrade --install",
        ),
        "unit/deployment/test_chart_installed.py": ("helm upgrade", "kubectl"),
    },
    "how-to/experiments.md": {"unit/workbench/test_experiments.py": ALL},
    "how-to/hpc-sites.md": {"unit/client/test_resource.py": ALL},
    "how-to/http-api.md": {
        SERVED: ("queuebit batch", "queuebit submit problem.json", "queuebit keys"),
        STACK: ("from queuebit_client", "queuebit submit patch.json", "curl ", "queuebit watch", "python -m queuebit_gateway"),
    },
    "how-to/kafka-access.md": {STACK: ALL},
    "how-to/notebooks.md": {"contract/http/test_http_notebook.py": ALL},
    "how-to/operate-postgresql.md": {OPS_PAGES: ALL},
    "how-to/paths.md": {"integration/operations/test_ops_path.py": ALL},
    "how-to/personal-data.md": {SERVED: ("queuebit reveal", "queuebit trail"), STACK: ("echo ", "queuebit erase")},
    "how-to/policies.md": {"integration/operations/test_ops_policy.py": ALL},
    "how-to/projections.md": {OPS_PAGES: ("queuebit ops",), STACK: ("from queuebit_client",)},
    "how-to/python-objects.md": {"unit/client/test_client_objects_page.py": ALL},
    "how-to/quantum-providers.md": {
        STACK: (
            *("queuebit up", "queuebit submit", "queuebit submissions", "queuebit ops", "make provider-contract"),
            "python -m queuebit_workbench.clouds.ibm",
        ),
    },
    "how-to/run-by-hand.md": {"e2e/test_by_hand.py": ALL},
    "how-to/ship-policies.md": {STACK: ALL},
    "how-to/transport.md": {STACK: ALL},
    "how-to/use-the-console.md": {
        SERVED: ("queuebit export",),
        STACK: ("queuebit up", "queuebit console", "export QUEUEBIT_POSTGRES", "QUEUEBIT_PEPPER"),
    },
    "how-to/watch-it.md": {STACK: ALL},
    "how-to/webhooks.md": {SERVED: ALL},
    "how-to/write-a-provider.md": {RUN_HERE: ALL},
    "runbooks/README.md": {RUNBOOKS: ALL},
    "runbooks/post-incident.md": {RUNBOOKS: ALL},
    **{f"runbooks/{page}.md": {RUNBOOKS: ALL} for page in (
        "broker-lost", "closed-door", "database-lost", "kafka-ahead", "late-jobs", "poison-record", "stalled-relay",
        "stopped-projection", "wrong-results-from-a-backend",
    )},
}  # fmt: skip
LONG = "takes minutes to hours: its own target, by hand or in a night"
NO_CLUSTER = "wants pods: an API server is part of the tests (`make kubernetes`), a node and a container engine are not"
NO_SYSTEMD = (
    "wants root and systemd: tests/unit/deployment/test_pages.py verifies the units, test_installs.py each install"
)
NOT_RUN: Mapping[str, Mapping[str, str]] = {
    "README.md": {"make check test": "is this suite", "make bench": LONG},
    "how-to/deploy-on-kubernetes.md": {
        "for service in": NO_CLUSTER,
        "export QUEUEBIT_URL": NO_CLUSTER,
        ".venv/bin/queuebit submit": NO_CLUSTER,
    },
    "how-to/deploy-on-machines.md": {"": NO_SYSTEMD},
    "how-to/use-the-console.md": {"make console-test": "is a suite of its own"},
    "how-to/quantum-providers.md": {
        "make provider-crash-matrix": LONG,
        "make provider-contract NEXT=1": "fetches what is newest on the day, so that its outcome is no news of this tree",
        "queuebit down": "is `make down`, by which tests/e2e/test_pages_on_a_stack.py ends",
        "marqov-capsule verify": "is a program of others, which is not installed by us",
    },
}


def pages() -> dict[str, str]:
    """The pages of which statements are typed one by one, by their paths below the documents; the README too."""
    found = {str(path.relative_to(DOCS)): path.read_text() for path in sorted(DOCS.rglob("*.md"))}
    kept = {name: text for name, text in found.items() if not name.startswith(GENERATED_OR_TYPED_WHOLE)}
    kept |= {name: (ROOT / name).read_text() for name in ("README.md", "CONTRIBUTING.md")}
    return {name: text for name, text in kept.items() if any(True for _ in statements(text))}


def statements(text: str) -> Iterator[str]:
    """What is typed of a page, in its order, fenced blocks first."""
    for language, block in _FENCED.findall(text):
        if language == "python":
            yield block
        elif language in _SHELLS:
            yield from _of_shell(block, marked=language == "console")
    yield from (line.strip() for line in _INDENTED.findall(_FENCED.sub("", text)))


def _of_shell(block: str, *, marked: bool) -> Iterator[str]:
    found: list[str] = []
    for line in block.splitlines():
        goes_on = found and (
            not line.startswith("$ ")
            if marked
            else found[-1].endswith("\\") or line.startswith(" ") or line in ("done", "")
        )
        if goes_on:
            found[-1] += f"\n{line}"
        elif line:
            found.append(line.removeprefix("$ "))
    yield from found


def typed_by(test: str, page: str) -> list[str]:
    """The statements of the page that this test types, by the table: what nobody types is not among them."""
    text = (ROOT / page if page == "README.md" else DOCS / page).read_text()
    nobody = tuple(NOT_RUN.get(page, ()))
    return [each for each in statements(text) if each.startswith(RUN_BY[page][test]) and not each.startswith(nobody)]
