# `make` lists the commands. Everything runs from .venv. Nothing is installed outside the working copy.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory

UV_VERSION := 0.13.8
VENV := .venv
PY := $(VENV)/bin/python
LOCAL := $(PY) -m infra.local
OPERATE := PYTHONPATH=layers/coachway/python:. $(LOCAL)
ON = $(if $(ENV),--environment $(ENV))
IS_SUPPORTED := import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
# The first Python that uv.lock supports. The system's comes first: distributions build it with optimizations, and
# everything takes 1.5 times as long on a build without them, such as pyenv's default.
PYTHON ?= $(shell for p in /usr/bin/python3 python3 python3.13 python3.12 python3.11; do \
	$$p -c '$(IS_SUPPORTED)' 2>/dev/null && { echo $$p; break; }; done)
SOURCES := layers/coachway/python/coachway functions tools infra/local tests
TESTS ?= tests/unit tests/integration tests/workflows tests/security tests/browser
# Most tests wait for emails and workflows, so there are more workers than processors.
WORKERS ?= $(shell echo $$((2 * $$(getconf _NPROCESSORS_ONLN) + 1)))

export UV_PROJECT_ENVIRONMENT := $(VENV)
# Bytecode files spare the many processes from compiling their imports again.
unexport PYTHONDONTWRITEBYTECODE

##@ Local stack
.PHONY: help
help: ## List the commands
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@printf '\nCOACHWAY_PORT=4600 make up uses other ports; TARGET=localstack make up deploys to LocalStack.\n'

.PHONY: up
up: $(VENV)/.synced ## Start the stack: emulator, sandboxes, deployment and demo data
	@PYTHONPATH=layers/coachway/python:. $(LOCAL) up

.PHONY: down
down: $(VENV)/.synced ## Stop the stack; its data is kept (SAVE=0: only until the last save)
	@$(LOCAL) down $(if $(filter 0,$(SAVE)),--without-saving)

.PHONY: status
status: $(VENV)/.synced ## Show whether the stack is running, its URLs and its users
	@$(LOCAL) status

.PHONY: logs
logs: $(VENV)/.synced ## Follow a log: make logs [NAME=ministack|stripe|sms|deploy]
	@$(LOCAL) logs $(or $(NAME),ministack)

.PHONY: clean
clean: $(VENV)/.synced ## Stop the stack and delete its data (environments and builds stay)
	@$(LOCAL) down --without-saving
	@cd $(or $(COACHWAY_HOME),.local) && rm -rf state snapshots s3 tmp unpacked run logs sandboxes stack.json deployed.json
	@echo "The data of the stack was deleted."

##@ Tests and checks
.PHONY: test
test: $(VENV)/.synced ## Run the tests on a separate stack: make test [TESTS=tests/unit]
	@$(PY) -m pytest $(TESTS) -q -n $(WORKERS) --dist loadgroup --durations=20 $(ARGS)

.PHONY: test-clock
test-clock: $(VENV)/.synced ## Run the tests at another time: make test-clock AT=2027-03-14T00:30:00Z [TESTS=tests/unit]
	@$(PY) -m tests.shifted_clock "$(or $(AT),$(error set AT to a time: 2027-03-14T00:30:00Z, 00:30Z or +365d))" \
		$(TESTS) -q -n $(WORKERS) --dist loadgroup --durations=20 $(ARGS)

.PHONY: check
check: $(VENV)/.synced ## Check style, types, import layers, security, templates and generated files
	@echo "▸ ruff";          $(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .
	@echo "▸ mypy";          $(VENV)/bin/mypy
	@echo "▸ import-linter"; PYTHONPATH=layers/coachway/python $(VENV)/bin/lint-imports
	@echo "▸ bandit";        $(VENV)/bin/bandit -q -c pyproject.toml -r layers/coachway/python functions infra/local tools
	@echo "▸ cfn-lint";      $(VENV)/bin/cfn-lint template.yaml infra/observability.yaml
	@echo "▸ sam validate";  SAM_CLI_TELEMETRY=0 "$$($(LOCAL) environment sam)/sam" validate --lint --region us-east-1 --template template.yaml
	@echo "▸ generated files"; $(MAKE) check-generated
	@echo "▸ OpenAPI";       $(VENV)/bin/openapi-spec-validator docs/openapi.json
	@echo "▸ TypeScript client"; PYTHONPATH=layers/coachway/python:. $(PY) -m tools.typescript_client
	@echo "All checks passed."

.PHONY: check-generated
check-generated: $(VENV)/.synced
	@PYTHONPATH=layers/coachway/python:. $(PY) -m tools.generate --check

.PHONY: fuzz
fuzz: $(VENV)/.synced ## Send random requests to every route of a separate stack: make fuzz [CASES=40 per route]
	@FUZZ_CASES=$(or $(CASES),40) $(PY) -m pytest -p schemathesis tests/security/test_fuzz.py -q -n $(WORKERS) $(ARGS)

.PHONY: soak
soak: $(VENV)/.synced ## Test rules, payments and the ledger with many random values: make soak [EXAMPLES=200]
	@SOAK_EXAMPLES=$(or $(EXAMPLES),200) PROPERTY_EXAMPLES=$(or $(EXAMPLES),200) $(PY) -m pytest tests/unit \
		tests/integration/billing/ledger/test_ledger_state_machine.py \
		tests/integration/billing/refunds/test_refund_state_machine.py -q -n $(WORKERS) $(ARGS)

.PHONY: bench
bench: $(VENV)/.synced ## Measure performance and write docs/performance.md
	@PYTHONPATH=layers/coachway/python:. $(PY) -m tests.load.bench

.PHONY: test-localstack
test-localstack: $(VENV)/.synced ## Run the LocalStack tests on the LocalStack at COACHWAY_PORT
	@TARGET=localstack $(PY) -m pytest tests/workflows -q -m localstack $(ARGS)

##@ Code
.PHONY: fmt
fmt: $(VENV)/.synced ## Format the code
	@$(VENV)/bin/ruff check --fix-only -q . ; $(VENV)/bin/ruff format .

.PHONY: generate
generate: $(VENV)/.synced ## Write the generated files: template, gateway, OpenAPI, error codes, data map, event schemas
	@PYTHONPATH=layers/coachway/python:. $(PY) -m tools.generate

.PHONY: examples
examples: $(VENV)/.synced ## Record responses of the running stack as examples for the OpenAPI document
	@PYTHONPATH=layers/coachway/python:. $(PY) -m tests.security.api_examples

.PHONY: lock
lock: $(VENV)/bin/uv ## Update dependencies to their newest allowed versions
	@$(VENV)/bin/uv lock --upgrade

.PHONY: layers
layers: $(VENV)/.synced ## Build the layers and show their sizes: make layers [RUNTIME=python3.13 for AWS]
	@$(LOCAL) layers $(if $(RUNTIME),--runtime $(RUNTIME))

##@ Operation of the local stack, or of a stack on AWS with ENV=staging or ENV=prod
.PHONY: redrive
redrive: $(VENV)/.synced ## Retry dead letters and failed workflow executions
	@$(OPERATE) redrive $(ON)

.PHONY: replay
replay: $(VENV)/.synced ## Publish past events again: make replay ORG=org_… FROM=2026-01-01 TO=2026-01-31
	@$(OPERATE) replay $(or $(ORG),$(error set ORG to the id of the organization: ORG=org_…)) $(or $(FROM),$(error set FROM to the first day: FROM=YYYY-MM-DD)) \
		$(or $(TO),$(FROM)) $(ON)

.PHONY: rebuild
rebuild: $(VENV)/.synced ## Rebuild statistics, and write records again after an update: make rebuild ORG=org_…
	@$(OPERATE) rebuild $(or $(ORG),$(error set ORG to the id of the organization: ORG=org_…)) $(ON)

.PHONY: platform-user
platform-user: $(VENV)/.synced ## Invite a platform user: make platform-user ORG=demo EMAIL=… [NAME="Pia Novak"]
	@$(OPERATE) platform-user $(or $(ORG),$(error set ORG to the slug of the organization: ORG=demo)) \
		$(or $(EMAIL),$(error set EMAIL to the address of the user)) $(if $(NAME),--name "$(NAME)") $(ON)

.PHONY: deploy
deploy: $(VENV)/.synced ## Deploy to AWS: make deploy ENV=staging|prod
	@$(LOCAL) deploy $(or $(ENV),$(error set ENV to the environment: ENV=staging or ENV=prod))

# Environments ---------------------------------------------------------------------------------------------------------
$(VENV)/bin/uv:
	@$(or $(PYTHON),false) -c '$(IS_SUPPORTED)' 2>/dev/null || { echo "✗ $(if $(PYTHON),$(PYTHON) is not a supported Python,no supported Python was found) (3.11, 3.12 or 3.13)"; \
		echo "  → install one with its venv module (Debian: apt-get install python3 python3-venv), or set its path: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "▸ Creating $(VENV) with $(PYTHON) …"
	@$(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) || { echo "✗ uv could not be installed"; echo "  → check the network, then run the same command again"; exit 1; }

$(VENV)/.synced: uv.lock pyproject.toml | $(VENV)/bin/uv
	@echo "▸ Installing the packages from uv.lock …"
	@$(VENV)/bin/uv sync --quiet --locked --inexact || { echo "✗ the packages could not be installed"; echo "  → check the network; if pyproject.toml changed: make lock"; exit 1; }
	@touch $@
