"""Which test runs the blocks of which page: a page that shows something to type is run, or says here why it is only read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "infra/docs"
TYPED = re.compile(r"^```(?:console|sh|bash|python)\n|^    (?:queuebit|make) ", re.MULTILINE)
RUN_BY = {
    "explanation/honesty-report.md": ("contract/http/test_http_pages.py",),
    "explanation/sizing.md": ("unit/workbench/test_shapes.py",),
    "how-to/backends.md": ("contract/http/test_http_pages.py",),
    "how-to/binary-programs.md": ("unit/problems/test_program_formats.py",),
    "how-to/consume-results.md": ("contract/http/test_http_pages.py",),
    "how-to/deploy-on-kubernetes.md": ("unit/deployment/test_pages.py",),
    "how-to/deploy-on-machines.md": ("unit/deployment/test_pages.py",),
    "how-to/experiments.md": ("unit/workbench/test_experiments.py",),
    "how-to/http-api.md": ("contract/http/test_http_pages.py",),
    "how-to/notebooks.md": ("contract/http/test_http_notebook.py",),
    "how-to/paths.md": ("integration/operations/test_ops_path.py",),
    "how-to/personal-data.md": ("contract/http/test_http_pages.py",),
    "how-to/policies.md": ("integration/operations/test_ops_policy.py",),
    "how-to/python-objects.md": ("unit/client/test_client_objects_page.py",),
    "how-to/run-by-hand.md": ("e2e/test_by_hand.py",),
    "how-to/use-the-console.md": ("contract/http/test_http_pages.py",),
    "how-to/webhooks.md": ("contract/http/test_http_pages.py",),
}
ONLY_READ = {
    "explanation/circuits.md": "tests/unit/quantum_adapter/test_documented_params.py takes each of its parameters",
    "how-to/audit-the-log.md": "tests/integration/operations/test_audit_verbs.py asks the same verbs in its own words",
    "how-to/budgets.md": "tests/integration/operations/test_budget_verbs.py asks the same verbs in its own words",
    "how-to/operate-postgresql.md": "tests/integration/operations/test_ops_archive.py asks the same verbs in its own words",
    "how-to/projections.md": "tests/integration/operations/test_ops_projections.py asks the same verbs in its own words",
    "how-to/add-a-problem-kind.md": "a plug-in of the reader's own; its parts are those of the kinds that are here",
    "how-to/hpc-sites.md": "it names a site and its keys",
    "how-to/kafka-access.md": "it changes the rules of a whole cluster, as tests/integration/runtime/test_denied.py does",
    "how-to/quantum-providers.md": "it names accounts that are paid; the stubs of clouds are tested by name",
    "how-to/ship-policies.md": "it names a repository; tests/unit/deployment/test_quantum_paths.py runs the script",
    "how-to/transport.md": "it makes users of a whole server, as tests/integration/store/test_store_roles.py does",
    "how-to/watch-it.md": "tests/unit/workbench/test_observability_beside.py starts what it starts",
    "how-to/write-a-provider.md": "a provider of the reader's own; the port has one behaviour suite",
    "runbooks/README.md": "it says how pages are rehearsed",
    "runbooks/post-incident.md": "it is about people",
}


def shown() -> set[str]:
    """The pages of which something can be typed, but for the tutorials and the drills, of which each is run."""
    pages = {str(path.relative_to(DOCS)): path.read_text() for path in DOCS.rglob("*.md")}
    named = {*ONLY_READ, *RUN_BY}
    return {
        name
        for name, text in pages.items()
        if TYPED.search(text)
        and not name.startswith(("reference/", "tutorials/", "decisions/"))
        and (not name.startswith("runbooks/") or name in named)
    }


def test_a_test_that_is_named_as_a_reason_is_there() -> None:
    named = [path for reason in ONLY_READ.values() for path in re.findall(r"tests/[\w/.]+\.py", reason)]

    assert len(named) > 5
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_each_page_that_shows_what_to_type_is_run_or_says_why_not() -> None:
    assert shown() == {*RUN_BY, *ONLY_READ}
    assert not set(RUN_BY) & set(ONLY_READ)


@pytest.mark.parametrize(("page", "test"), [(page, test) for page, tests in RUN_BY.items() for test in tests])
def test_the_test_that_runs_it_reads_it(page: str, test: str) -> None:
    assert Path(page).name in (ROOT / "tests" / test).read_text()
