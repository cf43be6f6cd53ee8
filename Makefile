# What people and .ci/run both call. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes
# A certificate of one's own network is in the system's store, where there is one; uv's own does not know it.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem),)
export UV_SYSTEM_CERTS ?= 1
endif
# What Python compiles is kept. Where the environment forbids that, each process that imports PyTorch and Lightning
# compiles them anew, for seven seconds of a small training; the tests start dozens.
unexport PYTHONDONTWRITEBYTECODE
IMAGES ?=
MLFLOW_PORT ?= 5000
# One process more than there are cores (tests/conftest.py), and no more than four: each comes to hold 2 GB, and starts
# others. Who runs out takes tests over from the others, since a few tests take as long as hundreds; IN_PARALLEL= runs them
# one after the other.
IN_PARALLEL ?= --numprocesses auto --maxprocesses 4 --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help demo mlflow install lint format test test-real test-browser test-images test-cluster compose-check audit bench bench-app bench-cluster bench-data bench-gallery bench-serving bench-ship bench-training lock clean

help:  ## list these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F '\t' '{printf "  make %-14s %s\n", $$1, $$2}'

demo: $(VENV)/.run-installed  ## start the API and the page; IMAGES=DIR trains on a folder of class folders first
	@$(BIN)/menagerie demo $(if $(IMAGES),--images "$(IMAGES)")

mlflow: $(VENV)/.run-installed  ## start the page of MLflow, which keeps every training; MLFLOW_PORT=5000
	@$(BIN)/menagerie mlflow --port $(MLFLOW_PORT)

install: $(VENV)/.dev-installed  ## install everything, tests and linters included, exactly as locked

lint: $(VENV)/.dev-installed  ## ruff, mypy and the import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev-installed  ## let ruff format and mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: $(VENV)/.dev-installed  ## the tests that need nothing but this repository, with coverage
	$(BIN)/python -m pytest $(IN_PARALLEL) -m "not real_pictures and not browser" --cov --cov-report=term

test-real: $(VENV)/.dev-installed  ## the tests on real pictures (MENAGERIE_DATA names their folder)
	$(BIN)/python -m pytest -m "real_pictures and not browser"

test-browser: $(VENV)/.dev-installed  ## the page in headless Chromium, against a real API
	$(BIN)/python -m pytest -m browser

compose-check: $(VENV)/.dev-installed  ## validate docker-compose.yml, .env.example and .env with its values, with no engine
	$(BIN)/python -m tests.images.compose_check

test-images: $(VENV)/.dev-installed  ## build both container images with buildah and ask the API inside (needs root; WITH_TRAINING=1)
	tests/images/build.sh

test-cluster: .venv-cluster/.installed  ## the tests on Ray clusters of this machine
	.venv-cluster/bin/python -m pytest tests/training/cluster

audit: .venv-audit/.installed  ## look the packages that we ship with up among the known vulnerabilities
	@requirements/audit.sh $(CURDIR)/.venv-audit/bin/pip-audit

bench: $(VENV)/.dev-installed  ## measure on real pictures, print the tables, write bench/results/
	$(BIN)/python -m bench.foundation

bench-app: $(VENV)/.dev-installed  ## measure the page in headless Chromium: answers, rooms, memory (25 minutes)
	$(BIN)/python -m bench.app

bench-cluster: .venv-cluster/.installed  ## measure bulk work on one worker and on two
	.venv-cluster/bin/python -m bench.cluster

bench-data: $(VENV)/.dev-installed .venv-rivals/.installed  ## measure the ingest on real pictures, and others on the same task
	$(BIN)/python -m bench.data

bench-gallery: $(VENV)/.dev-installed .venv-rivals/.installed  ## measure the gallery, and others on the same million (hours; 40 GB of disk; ARGS)
	$(BIN)/python -m bench.gallery $(ARGS)

bench-serving: $(VENV)/.dev-installed .venv-rivals/.installed  ## measure the service under load, and others beside it (needs wrk)
	$(BIN)/python -m bench.serving

bench-ship: $(VENV)/.dev-installed  ## measure three replicas behind nginx that are restarted and killed under load (needs nginx)
	$(BIN)/python -m bench.replicas

bench-training: $(VENV)/.dev-installed  ## measure the ways to train on real pictures
	$(BIN)/python -m bench.training

lock: $(BIN)/uv  ## compile requirements/*.txt anew from requirements/*.in
	cd requirements && ../$(BIN)/uv pip compile $(LOCK_FLAGS) dev.in -o dev.txt
	cd requirements && for role in api ui training cluster; do ../$(BIN)/uv pip compile $(LOCK_FLAGS) $$role.in -c dev.txt -o $$role.txt || exit 1; done
	cd requirements && for tool in uv rivals audit; do ../$(BIN)/uv pip compile $(LOCK_FLAGS) $$tool.in -o $$tool.txt || exit 1; done
LOCK_FLAGS := --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --universal --python-version 3.11

clean:  ## remove the environment and every cache
	rm -rf $(VENV) .venv-cluster .venv-rivals .venv-audit .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage*

$(BIN)/uv: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "menagerie needs Python 3.11 or newer, this is %s: say make PYTHON=..." % sys.version.split()[0])'
	@echo "Making $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

# Bytecode is compiled for what serves, so that it starts fast the first time too; for PyTorch that would take minutes.
# The dev lock holds every package of the other three, in the same versions: one environment serves both stamps.
$(VENV)/.run-installed: $(BIN)/uv requirements/api.txt requirements/ui.txt requirements/training.txt pyproject.toml
	@echo "Installing what the service, the page and training need (about 7 GB, most of it PyTorch) ..."
	@$(PIP_INSTALL) --compile-bytecode -r requirements/api.txt -r requirements/ui.txt
	@$(PIP_INSTALL) -r requirements/training.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

$(VENV)/.dev-installed: $(BIN)/uv requirements/dev.txt pyproject.toml
	@echo "Installing everything, tests and linters included (about 7 GB, most of it PyTorch) ..."
	@$(PIP_INSTALL) --compile-bytecode -r requirements/api.txt -r requirements/ui.txt
	@$(PIP_INSTALL) -r requirements/dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

.venv-audit/.installed: $(BIN)/uv requirements/audit.txt
	@$(PYTHON) -m venv .venv-audit
	@$(BIN)/uv pip install --quiet --python .venv-audit/bin/python --require-hashes -r requirements/audit.txt
	@touch $@

# All that tests need, and Ray, which is no part of the other environment: it is large, and few want it.
.venv-cluster/.installed: $(BIN)/uv requirements/dev.txt requirements/cluster.txt pyproject.toml
	@$(PYTHON) -m venv .venv-cluster
	@$(BIN)/uv pip install --quiet --python .venv-cluster/bin/python --require-hashes -r requirements/dev.txt -r requirements/cluster.txt
	@$(BIN)/uv pip install --quiet --python .venv-cluster/bin/python --no-deps --editable .
	@touch $@

# Programs that the benchmarks hold ours against; their needs are none of ours.
.venv-rivals/.installed: $(BIN)/uv requirements/rivals.txt
	@$(PYTHON) -m venv .venv-rivals
	@$(BIN)/uv pip install --quiet --python .venv-rivals/bin/python --require-hashes -r requirements/rivals.txt
	@touch $@
