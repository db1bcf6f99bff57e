# What there is to do in this repository: `make` lists it. Needs git, make, and Python >= 3.11 with its venv module;
# everything else is brought by `make setup`, which the other targets run by themselves.

SHELL := /bin/sh
VENV_PYTHON := .venv/bin/python
TESTENV := PYTHONPATH=tools $(VENV_PYTHON) -m testenv
UV_COMPILE := .venv/bin/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 \
	--no-emit-index-url --no-emit-find-links

# For `make demo`: KEEP=1 leaves the control plane running; CLUSTER=<context> uses a cluster of yours, after a question.
KEEP ?=
CLUSTER ?=
# For `make bench`: how many releases.
N ?= 100
# For `make bench-render`: how often each case runs, and which cases (5: every fifth).
RUNS ?= 5
EVERY ?= 1
# For `make bench-index`: megabytes of the index.
MB ?= 60
# For `make bench-render`: a folder of charts in the form of the conformance data, instead of that.
CHARTS ?=
# For `make test`: more arguments for pytest, such as ARGS='-k watch'; for `make fuzz`: such as ARGS='--target yaml'.
ARGS ?=
# For `make fuzz`: for how long.
SECONDS ?= 60
# For `make setup`: the Python to use, when not the best one found.
PYTHON ?=

.DEFAULT_GOAL := help
.PHONY: help setup test fuzz lint format demo demo-down lock clean
.PHONY: bench bench-render bench-pulls bench-index bench-dependencies
.PHONY: testenv-build testenv-up testenv-down testenv-status

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' Makefile

setup: ## make .venv from the locked requirements, and .venv/bin/steersman
	@PYTHON='$(PYTHON)' sh tools/setup.sh

test: setup ## all tests; builds the test bench first time (12 to 25 minutes on 2 cores)
	@$(VENV_PYTHON) tools/run_tests.py $(ARGS)

fuzz: setup ## feed the readers with what they do not expect (SECONDS=60)
	@nice $(VENV_PYTHON) tests/fuzz/run.py --seconds '$(SECONDS)' $(ARGS)

lint: setup ## lint, formatting, types, layers
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	MYPYPATH=tools:operator .venv/bin/mypy -p testenv -p operators -p bench
	MYPYPATH=tools:operator .venv/bin/mypy tools/demo.py
	.venv/bin/lint-imports

format: setup ## format the code and sort its imports
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

demo: setup ## show what Steersman does, on a control plane of its own (KEEP=1, CLUSTER=<context>)
	@PYTHONPATH=tools KEEP='$(KEEP)' CLUSTER='$(CLUSTER)' $(VENV_PYTHON) tools/demo.py

demo-down: setup ## end a demo that KEEP=1 left running, its operator too
	@PYTHONPATH=tools $(VENV_PYTHON) tools/demo.py down

bench: setup ## measure Steersman on this machine (N=100 releases)
	@PYTHONPATH=tools $(VENV_PYTHON) -m bench --releases '$(N)'

bench-render: setup testenv-build ## measure rendering against helm template, case by case (RUNS=5, EVERY=1: every case)
	@PYTHONPATH=tools $(VENV_PYTHON) -m bench.renders --runs '$(RUNS)' --every '$(EVERY)' $(CHARTS)

bench-pulls: setup testenv-build ## measure pulling charts against helm pull (RUNS=5)
	@PYTHONPATH=tools $(VENV_PYTHON) -m bench.pulls --runs '$(RUNS)'

bench-index: setup testenv-build ## measure a large index.yaml against Helm (MB=60)
	@PYTHONPATH=tools $(VENV_PYTHON) -m bench.indexes --megabytes '$(MB)'

bench-dependencies: setup testenv-build ## measure the dependencies of 20 charts against helm dependency (RUNS=5)
	@PYTHONPATH=tools $(VENV_PYTHON) -m bench.dependencies --runs '$(RUNS)'

testenv-build: setup ## build the test bench, unless it is built
	@$(TESTENV) build

testenv-up: setup ## start a control plane and a registry to play with
	@$(TESTENV) up

testenv-down: setup ## end it and remove its data
	@$(TESTENV) down

testenv-status: setup ## what runs
	@$(TESTENV) status

lock: setup ## lock the requirements again, hashes included
	$(UV_COMPILE) requirements/runtime.in -o requirements/runtime.txt
	$(UV_COMPILE) requirements/sigstore.in -o requirements/sigstore.txt
	$(UV_COMPILE) requirements/dev.in -o requirements/dev.txt
	$(UV_COMPILE) requirements/build.in -o requirements/build.txt
	$(UV_COMPILE) requirements/go.in -o requirements/go.txt

clean: ## remove what was made here (the test bench in the user's cache stays)
	rm -rf .venv .test-logs build dist
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
