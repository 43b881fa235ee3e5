# Queuebit. `make` alone lists the targets; each sets up by itself what it lacks.

PYTHON ?= python3
UV_VERSION := 0.13.8
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
MEMBERS := $(sort $(wildcard libs/*) $(wildcard services/*))
# Servers that are given are one pair for all files: nothing there may run beside the platform that is tested.
WORKERS ?= $(if $(QUEUEBIT_KAFKA)$(QUEUEBIT_POSTGRES),0,2)
# On real servers, a test that fails is run once more, shown, and counted; the fourth failure of a run stays one (decision 76).
RERUNS ?= 1
ONCE := unit simulation architecture console contract/channels contract/messages contract/solver
RERUN := --reruns $(RERUNS) --max-suite-reruns 3 --rerun-except from.pytest-timeout --rerun-show-tracebacks $(addprefix --rerun-exclude-path tests/,$(ONCE))
SOURCES := $(foreach member,$(MEMBERS),$(member)/src) tests

.DEFAULT_GOAL := help
MEASURED := libs/workbench/src/queuebit_workbench/sizing/measured.json
CONTRACT := libs/workbench/src/queuebit_workbench/provider_contract.py
.PHONY: help setup demo up down status logs test unit check contract fmt bench scale bench-admission bench-quantum drill drills sweep fuzz readings provider-contract provider-crash-matrix crash-matrix versitygw focus chaos soak schemas constraints clean

help: ## List the targets.
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-22s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Build .venv with everything, from the pinned constraints.

$(READY): pyproject.toml constraints.txt $(addsuffix /pyproject.toml,$(MEMBERS))
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Queuebit needs Python 3.11 or newer; name one with PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/uv --version 2>/dev/null | grep -qF "$(UV_VERSION)" || $(BIN)/python -m pip install -q "uv==$(UV_VERSION)"
	@$(BIN)/uv pip install -q --python $(BIN)/python -c constraints.txt --group dev $(foreach member,$(MEMBERS),-e ./$(member))
	@$(BIN)/python -m queuebit_classical_solver.searches.compiled
	@$(BIN)/python -m queuebit_devstack.class_cache
	@touch $@

demo: $(READY) ## Start everything, run published instances, kill a worker on the way, show the table.
	@$(BIN)/queuebit demo

up: $(READY) ## Start PostgreSQL, Kafka and the five services in the background.
	@$(BIN)/queuebit up

down: $(READY) ## Stop them.
	@$(BIN)/queuebit down

status: $(READY) ## Show what runs, where.
	@$(BIN)/queuebit status

logs: $(READY) ## Show the logs of servers and services.
	@$(BIN)/queuebit logs

test: $(READY) ## Run every test, on a real Kafka and PostgreSQL, file beside file (WORKERS=2; 0: one after the other; RERUNS=0: none twice).
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(RERUN)

unit: $(READY) ## Run the tests that need no server.
	@$(BIN)/python -m pytest tests/unit tests/simulation tests/architecture

check: $(READY) ## Format, lint, types, arrows between rooms, no circles, no dead paths.
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy $(SOURCES)
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q tests/architecture/test_tidy.py tests/architecture/test_circles.py tests/architecture/test_documents.py tests/architecture/test_links.py \
		tests/architecture/test_shipped.py

contract: $(READY) ## Prove the documents with outside tools, the gateway with schemathesis, the examples in Node and Java where those are.
	@$(BIN)/uv pip install -q --python $(BIN)/python -c constraints.txt --group contract
	@$(BIN)/python -m pytest tests/contract/documents tests/e2e/test_examples.py -m "contract or not contract" --timeout 900

.PHONY: mcp-conformance
mcp-conformance: $(READY) ## Ask the tools for agents with the conformance suite of the Model Context Protocol (Node is needed).
	@$(BIN)/uv pip install -q --python $(BIN)/python -c constraints.txt --group contract
	@$(BIN)/python -m pytest tests/contract/documents/test_mcp_conformance.py -m contract

.PHONY: tutorials
TYPED := tests/e2e/test_tutorials.py tests/e2e/test_pages_on_a_stack.py tests/integration/operations/test_ops_pages.py tests/unit/workbench/test_pages_run.py
tutorials: $(READY) ## Type the tutorials and the pages as they stand, with servers of their own (ONLY=first-event for one).
	@$(BIN)/python -m pytest -q $(TYPED) -m "tutorials or not tutorials" $(if $(ONLY),-k $(ONLY))

.PHONY: nightly
nightly: $(READY) ## Validate everything, keep the report by date, compare with the night before (SIZE=small ONLY=golden,chaos DATA=folder SEEDS=20000 MINUTES=6 JOBS=6000).
	@$(BIN)/python -m queuebit_workbench.nightly $(if $(ONLY),--only $(ONLY)) $(if $(DATA),--data "$(DATA)") $(if $(SEEDS),--seeds $(SEEDS)) \
		$(if $(MINUTES),--minutes $(MINUTES)) $(if $(JOBS),--jobs $(JOBS)) $(if $(SIZE),--size $(SIZE))

.PHONY: sizing
sizing: $(READY) ## The least installation for a load, and what its queues make of it (JOBS_PER_S=500 SEARCH_S=0.5).
	@$(BIN)/python -m queuebit_workbench.sizing --jobs-per-s $(or $(JOBS_PER_S),500) $(if $(SEARCH_S),--search-s $(SEARCH_S))

.PHONY: observability
observability: $(READY) ## Write the rules of Prometheus and the dashboards from the tables of promises, alerts and panels.
	@$(BIN)/python -m queuebit_workbench.observability infra

.PHONY: collector
collector: $(READY) ## Build the OpenTelemetry collector of `up --observability` from its Go modules; it is kept in the cache.
	@$(BIN)/python -m queuebit_workbench.observability.collecting

.PHONY: security sbom
security: $(READY) ## bandit with every finding settled, and known weaknesses of what is pinned, where a database of them answers.
	@$(BIN)/uv pip install -q --python $(BIN)/python -c constraints.txt --group security
	@$(BIN)/python -m queuebit_workbench.security

sbom: $(READY) ## The bill of materials (CycloneDX) of what is installed here (OUT=sbom.json).
	@$(BIN)/uv pip install -q --python $(BIN)/python -c constraints.txt --group security
	@$(BIN)/cyclonedx-py environment $(BIN)/python --output-reproducible --of JSON -o $(or $(OUT),sbom.json)

.PHONY: helm kubernetes deployment
helm: $(READY) ## Build helm from its Go module; it is kept in the cache.
	@$(BIN)/python -m queuebit_workbench.deployment build-helm

kubernetes: $(READY) ## Build an API server of Kubernetes from its Go modules, for `make deployment` to install the chart in; it is kept in the cache.
	@$(BIN)/python -m queuebit_workbench.deployment build-kubernetes

deployment: $(READY) ## Render the chart for each case into infra/helm/golden, and check all that puts Queuebit on servers.
	@$(BIN)/python -m queuebit_workbench.deployment build-helm
	@$(BIN)/uv pip install -q --python $(BIN)/python -c constraints.txt --group deployment
	@$(BIN)/python -m queuebit_workbench.deployment golden
	@$(BIN)/python -m pytest -q tests/unit/deployment -m "contract or not contract"

fmt: $(READY) ## Format and mend what can be mended.
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(READY) ## Measure throughput, latency and memory on the real stack; OUT=file.json keeps the figures, POLICY=file measures under a policy, too (PLANES=3 WORKERS=3 PARTITIONS=12).
	@$(BIN)/python -m queuebit_workbench.bench $(if $(OUT),--out $(OUT)) $(if $(POLICY),--policy $(POLICY)) $(if $(PLANES),--planes $(PLANES)) \
		$(if $(WORKERS),--workers $(WORKERS)) $(if $(PARTITIONS),--partitions $(PARTITIONS))

.PHONY: bench-shapes
bench-shapes: $(READY) ## Measure 1, 2 and 3 control planes and workers on 12 partitions, and write the page on sizing from it (SHAPES=1,2,3 TURNS=2 PARTITIONS=12).
	@$(BIN)/python -m queuebit_workbench.shapes $(MEASURED) $(if $(SHAPES),--planes $(SHAPES)) $(if $(TURNS),--turns $(TURNS)) \
		$(if $(PARTITIONS),--partitions $(PARTITIONS))
	@$(BIN)/python -m queuebit_workbench.sizing.page infra/docs/explanation/sizing.md

.PHONY: bench-beside
bench-beside: $(READY) ## Measure an old commit and this one in turns of one run; fails where this one is slower (COMMIT=ba1e5f6 TURNS=20 TOLERANCE=0.03 POLICY=file).
	@$(BIN)/python -m queuebit_workbench.bench.beside $(or $(COMMIT),ba1e5f6) $(if $(TURNS),--turns $(TURNS)) $(if $(TOLERANCE),--tolerance $(TOLERANCE)) $(if $(POLICY),--policy $(POLICY))

scale: $(READY) ## Measure appends, timelines, lists and plans on a log of ten million events, beside an empty one (EVENTS=10000000 DATA=folder to go on there).
	@$(BIN)/python -m queuebit_workbench.bench.store $(if $(EVENTS),--events $(EVENTS)) $(if $(DATA),--data "$(DATA)")

.PHONY: verify-scale
verify-scale: $(READY) ## Verify a store of a million events beside its topics within a minute, then find what is planted in it (EVENTS=1000000).
	@$(BIN)/python -m tests.integration.operations.verify_scale $(if $(EVENTS),--events $(EVENTS))

.PHONY: letters-scale
letters-scale: $(READY) ## Look at a million dead letters of one group by every verb, and start a reader: right, in bounded time and memory (LETTERS=1000000).
	@$(BIN)/python -m tests.integration.operations.letters_scale $(if $(LETTERS),--letters $(LETTERS))

bench-admission: $(READY) ## Measure what strangers can make admission cost, and whom it holds up (LARGE=30 statements).
	@$(BIN)/python -m queuebit_workbench.bench.admission $(if $(LARGE),--large $(LARGE))

.PHONY: bench-reserving
bench-reserving: $(READY) ## Measure what setting money aside adds to an append, side by side in one run (BATCHES=2000 JOBS=20).
	@$(BIN)/python -m queuebit_workbench.bench.reserving $(if $(BATCHES),--batches $(BATCHES)) $(if $(JOBS),--jobs $(JOBS))

.PHONY: bench-deciding
bench-deciding: $(READY) ## Measure a decision with its trace by a policy of ten rows (SAMPLES=500).
	@$(BIN)/python -m queuebit_workbench.bench.deciding $(if $(SAMPLES),--samples $(SAMPLES))

.PHONY: fairness
fairness: $(READY) ## Does one tenant's flood of a hundred times the work hold another's jobs up, on real servers (JOBS=40 BUDGET_S=0.5)?
	@$(BIN)/python -m queuebit_workbench.bench.fairness $(if $(JOBS),--jobs $(JOBS)) $(if $(BUDGET_S),--budget-s $(BUDGET_S))

bench-quantum: $(READY) ## Measure circuits as jobs beside the same circuits by hand, in one run (JOBS=100 TURNS=5).
	@$(BIN)/python -m queuebit_workbench.bench.quantum $(if $(JOBS),--jobs $(JOBS)) $(if $(TURNS),--turns $(TURNS))

drill: $(READY) ## Rehearse a page of the runbooks on real servers: a bad backend among JOBS=10000 jobs, or DRILL=poison-record, ….
	@$(BIN)/python -m queuebit_workbench.drill $(DRILL) $(if $(JOBS),--jobs $(JOBS))

drills: $(READY) ## Rehearse every page, one after the other.
	@$(BIN)/python -m queuebit_workbench.drill --all $(if $(JOBS),--jobs $(JOBS))

sweep: $(READY) ## Run every published instance of a folder (DATA=folder FAMILY=tsp BUDGET_S=10 N_MAX=50 OUT=file.json MINUTES=60 ROUND=kept.json).
	@$(BIN)/python -m queuebit_workbench.sweep "$(DATA)" $(if $(FAMILY),--family $(FAMILY)) $(if $(BUDGET_S),--budget-s $(BUDGET_S)) \
		$(if $(N_MAX),--n-max $(N_MAX)) $(if $(LIMIT),--limit $(LIMIT)) $(if $(OUT),--out "$(OUT)" --resume) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(ROUND),--round "$(ROUND)")

fuzz: $(READY) ## Admit hostile statements and files, name the dearest (CASES=10000 SEED=1 FIRST=0).
	@$(BIN)/python -m queuebit_workbench.fuzz $(if $(CASES),--count $(CASES)) $(if $(SEED),--seed $(SEED)) $(if $(FIRST),--first $(FIRST))

.PHONY: fuzz-http
fuzz-http: $(READY) ## Ask the gateway everything that its document allows and forbids, in walks too (CASES=10000 SEED=1).
	@$(BIN)/uv pip install -q --python $(BIN)/python -c constraints.txt --group contract
	@CASES=$(or $(CASES),10000) SEED=$(or $(SEED),1) \
		$(BIN)/python -m pytest tests/contract/documents/test_schemathesis.py -m contract --timeout 0 -s

readings: $(READY) ## Compare the reading of random OpenQASM programs with a second one (TYPED=1000 DYNAMIC=500 SEED=1).
	@TYPED=$(or $(TYPED),1000) DYNAMIC=$(or $(DYNAMIC),500) SEED=$(or $(SEED),1) \
		$(BIN)/python -m pytest tests/unit/problems/test_qasm_second_reading.py tests/unit/problems/test_qasm_leaving.py --timeout 0

.PHONY: properties
properties: $(READY) ## Try what holds for every example with others each time.
	@$(BIN)/python -m pytest tests/unit tests/contract/http -m hypothesis --hypothesis-profile other-examples

.PHONY: worlds
worlds: $(READY) ## Run the made-up worlds in which paths are measured: each has its verdict and its highest cost (SEEDS=3 ONLY=name).
	@$(BIN)/python -m queuebit_workbench.worlds $(if $(SEEDS),--seeds $(SEEDS)) $(if $(ONLY),--only "$(ONLY)")

.PHONY: story
story: $(READY) ## Tell how a useless path is given up, a good one reaches production, and a bad turn takes it back (SEED=1).
	@$(BIN)/python -m tests.simulation.path_story $(SEED)

soak: $(READY) ## Run the simulation over many seeds, and keep those that find something (SEEDS=200000 FIRST=0).
	@$(BIN)/python -m tests.simulation.soak $(or $(SEEDS),200000) $(if $(FIRST),--first $(FIRST))

provider-crash-matrix: $(READY) ## Kill, pause and cut submissions everywhere: is each paid for once? (CLIENT=ibm RUNS=100 WAY=all SEED=1).
	@$(BIN)/python -m queuebit_workbench.clouds.crashes $(if $(CLIENT),--client $(CLIENT)) $(if $(RUNS),--runs $(RUNS)) $(if $(WAY),--way $(WAY)) $(if $(SEED),--seed $(SEED))

.PHONY: console-test
console-test: $(READY) ## Try the console in a real browser (Debian's chromium, or QUEUEBIT_CHROMIUM=path), with axe; pictures in build/console.
	@$(BIN)/uv pip install -q --python $(BIN)/python -c constraints.txt --group console
	@QUEUEBIT_CONSOLE_TEST=1 $(BIN)/python -m pytest tests/console tests/e2e/test_console_live.py
	@cat build/console/figures.json

.PHONY: notebooks
notebooks: $(READY) ## Run the page on notebooks, cell by cell, in a kernel of Jupyter.
	@$(BIN)/uv pip install -q --python $(BIN)/python -c constraints.txt --group notebook
	@QUEUEBIT_NOTEBOOK_TEST=1 $(BIN)/python -m pytest tests/contract/http/test_http_notebook.py

.PHONY: provider-fixtures
provider-fixtures: $(READY) ## Record once what vendors' own clients and the clouds on loopback say to each other; tests replay it.
	@$(BIN)/python -m queuebit_workbench.clouds.spoken ibm tests/contract/provider/recorded/ibm.jsonl
	@$(BIN)/python -m queuebit_workbench.clouds.spoken braket tests/contract/provider/recorded/braket.jsonl
	@$(BIN)/python -m queuebit_workbench.clouds.spoken leap tests/contract/provider/recorded/leap.jsonl
	@$(BIN)/python -m queuebit_workbench.clouds.spoken qrmi tests/contract/provider/recorded/qrmi.jsonl

provider-contract: $(READY) ## Do the SDKs keep the calls that providers make? (NEXT=1: their next versions; RECORD=1: write down those of today).
	@PYTHON=$(BIN)/python; \
	if [ -n "$(NEXT)" ]; then \
	  NEXT_VENV=$$(mktemp -d); trap 'rm -rf "$$NEXT_VENV"' EXIT; \
	  $(BIN)/uv venv -q "$$NEXT_VENV" && $(BIN)/uv pip install -q --prerelease allow --python "$$NEXT_VENV/bin/python" $(or $(PACKAGES),qiskit qiskit-aer qiskit-ibm-runtime) || exit 2; \
	  $(BIN)/uv pip list -q --python "$$NEXT_VENV/bin/python" | grep -E '^(qiskit|amazon-braket|cirq|dwave)'; PYTHON="$$NEXT_VENV/bin/python"; \
	fi; \
	$$PYTHON $(CONTRACT) services/quantum_adapter/src/queuebit_quantum_adapter/providers services/quantum_adapter/provider-contract.json $(if $(RECORD),--record)

versitygw: $(READY) ## Build the S3 server that the tests of artifacts ask, from its Go module; it is kept in the cache.
	@$(BIN)/python -m queuebit_workbench.witnesses.versitygw

focus: $(READY) ## Fetch focus-validator, which the test of exported costs asks, into an environment of its own; it is kept in the cache.
	@$(BIN)/python -m queuebit_workbench.witnesses.focus_validator

crash-matrix: $(READY) ## Kill every service before and after each commit, publish and offset commit; verify everything (ONLY=point).
	@$(BIN)/python -m queuebit_workbench.crash $(addprefix --only ,$(ONLY))

chaos: $(READY) ## Break everything on three brokers under load, and see whether anything is lost (SEED=1 MINUTES=6 FAULTS=a,b OUT=file.json).
	@$(BIN)/python -m queuebit_workbench.chaos $(if $(SEED),--seed $(SEED)) $(if $(MINUTES),--minutes $(MINUTES)) \
		$(if $(FAULTS),--faults $(FAULTS)) $(if $(PLANES),--control-planes $(PLANES)) $(if $(OUT),--out $(OUT))

.PHONY: webhook-restarts
webhook-restarts: $(READY) ## Kill senders of webhooks under load, on a real PostgreSQL: is every one told? (RESTARTS=1000 SEED=1).
	@RESTARTS=$(or $(RESTARTS),1000) SEED=$(or $(SEED),1) \
		$(BIN)/python -m pytest tests/contract/store/test_webhook_restarts.py -k postgres --timeout 0

.PHONY: week
week: $(READY) ## Let a job wait a week at its provider while JOBS=10000 others pass and every service restarts (OUT=file.json).
	@$(BIN)/python -m queuebit_workbench.week $(if $(JOBS),--jobs $(JOBS)) $(if $(OUT),--out $(OUT))

schemas: $(READY) ## Write JSON Schemas, AsyncAPI and OpenAPI into schemas/, and the reference into infra/docs/reference/.
	@$(BIN)/python -m queuebit_workbench.schemas schemas
	@$(BIN)/python -m queuebit_workbench.reference infra/docs/reference

constraints: $(READY) ## Resolve the newest versions that fit together and pin them.
	@$(BIN)/uv lock -q --upgrade
	@$(BIN)/uv export -q --no-hashes --all-packages --all-groups --no-emit-workspace --no-annotate --no-header > constraints.txt

clean: ## Remove .venv, caches and local data.
	@test ! -x $(BIN)/queuebit || $(BIN)/queuebit down || true
	rm -rf $(VENV) .queuebit .mypy_cache .ruff_cache .pytest_cache .hypothesis
