# Every target that a person calls has a `## comment`; `make help` prints them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# Packages come before the virtual environment, and that before all else.
.NOTPARALLEL:

BIN := .venv/bin
UV := $(BIN)/uv
INSTALLED := [ -x $(BIN)/watchkeeper ] || { echo "nothing is installed yet; run: make up" >&2; exit 1; }
NO_PACKAGES := echo "could not install the Python packages (the lines above say why); is there a network? Then run this again" >&2

.PHONY: help up down status logs test e2e lint unit promtool integration bench goldens format packages venv lock secrets

help: ## Show this list
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: ## Install what is missing, start everything, wait until it is healthy and measures, print where it is
	@deploy/local/packages
	@$(MAKE) venv
	@$(BIN)/watchkeeper render --target local
	@$(BIN)/watchkeeper up

down: ## Stop the stack; leave no process behind (data and logs stay)
	@if [ -x $(BIN)/watchkeeper ] || [ -e "$${WATCHKEEPER_STATE_DIR:-.run}/conf" ]; then \
	  $(MAKE) venv && $(BIN)/watchkeeper down; else echo "nothing was running"; fi

status: ## Show processes, SLOs and open pages; fails when something is not healthy
	@$(INSTALLED)
	@$(BIN)/watchkeeper status

logs: ## Follow the logs of all processes (of some: watchkeeper logs PROCESS --follow)
	@$(INSTALLED)
	@$(BIN)/watchkeeper logs --follow

test: packages venv ## Prove everything that is quick: lint, types, layers, unit, promtool, command line, real servers
	@$(MAKE) lint unit promtool integration

e2e: packages venv ## Prove what is heavy: the native stack for real, kills, rehearsed incidents
	@$(BIN)/pytest tests/e2e -p no:randomly --timeout=1500

lint: ## Check style, types, layers, and that generated files are current
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/watchkeeper check
	@$(BIN)/watchkeeper render --check
	@$(BIN)/watchkeeper schema --check

unit: ## Run the unit and command-line tests
	@$(BIN)/pytest tests/unit tests/cli -n 2 -q

promtool: ## Run the generated rules' own tests, and break the rules to see them fail
	@$(BIN)/pytest tests/promtool -n 2 -q

integration: ## Run the tests against real servers on free loopback ports
	@$(BIN)/pytest tests/integration -n 2 --dist loadfile -q

bench: packages venv ## Measure what the documentation claims (figures, not tests)
	@$(BIN)/python -m benchmarks

goldens: ## Write the expected output of `watchkeeper check` and `explain` anew; then read the diff
	@WATCHKEEPER_UPDATE_GOLDENS=1 $(BIN)/pytest tests/cli/check tests/cli/explain -q

format: ## Format the code and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

packages: ## Install the Debian packages that the stack and its tests need
	@deploy/local/packages docker-compose

venv: .venv/.installed ## Make the virtual environment from the hashed lock files

.venv/.installed: requirements/bootstrap.txt requirements/dev.txt pyproject.toml
	@deploy/local/packages
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { python3 --version; echo "Python 3.11 or later is needed" >&2; exit 1; }
	@# One that was interrupted while it was made has a python but no pip.
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || python3 -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --retries 1 --disable-pip-version-check --require-hashes \
	  -r requirements/bootstrap.txt 2>.venv/pip.log || { tail -n 1 .venv/pip.log >&2; $(NO_PACKAGES); exit 1; }
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt || { $(NO_PACKAGES); exit 1; }
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

lock: ## Write the hashed lock files anew from pyproject.toml (no index address in them)
	@for lock in bootstrap build dev runtime; do \
	  case $$lock in \
	    bootstrap|build) from="--group $$lock" ;; \
	    dev) from="pyproject.toml --group dev" ;; \
	    runtime) from=pyproject.toml ;; esac; \
	  $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
	    $$from --output-file requirements/$$lock.txt; done

secrets: venv ## Make the secret files that docker compose mounts (kept where they exist)
	@$(BIN)/python -m deploy.compose.secrets
