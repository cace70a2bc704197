# Every target that a person calls has a `## comment`; `make help` prints them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
UV := $(BIN)/uv

.PHONY: help up down status logs test e2e lint unit promtool integration bench goldens format packages venv lock secrets

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

up: ## Install what is missing, start everything, wait until it is healthy and measures, print where it is
	@deploy/local/packages
	@$(MAKE) venv
	@$(BIN)/watchkeeper render --target local
	@$(BIN)/watchkeeper up

down: ## Stop the stack; leave no process behind (data and logs stay)
	@[ ! -x $(BIN)/python ] || $(BIN)/watchkeeper down

status: ## Show processes, SLOs and open pages; fails when something is not healthy
	@$(BIN)/watchkeeper status

logs: ## Follow the logs of all processes (of some: watchkeeper logs PROCESS --follow)
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
	@$(BIN)/pytest tests/integration -q

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
	@[ -x $(BIN)/python ] || python3 -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
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
