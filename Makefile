# `make` lists what there is. Everything runs from .venv; nothing is installed outside the working copy.
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
IS_COVERED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
# The first Python on this machine that the lock file covers.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c '$(IS_COVERED)' 2>/dev/null && { echo $$p; break; }; done)
SOURCES := layers/coachway/python/coachway functions tools infra/local tests
TESTS ?= tests/unit tests/integration tests/workflows tests/security tests/browser
# Most of the time tests wait: for a mail, for a flow that waits itself. So more of them run than there are processors.
WORKERS ?= $(shell echo $$((2 * $$(getconf _NPROCESSORS_ONLN))))

export UV_PROJECT_ENVIRONMENT := $(VENV)
# Where the surroundings forbid it, each of many processes would compile everything again that it imports.
unexport PYTHONDONTWRITEBYTECODE

##@ Every day
.PHONY: help
help: ## List what there is
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@printf '\nCOACHWAY_PORT=4600 make up  moves the stack to other ports; TARGET=localstack puts it on LocalStack.\n'

.PHONY: up
up: $(VENV)/.synced ## Start the stack: emulator, sandboxes, deployment, demo data
	@PYTHONPATH=layers/coachway/python:. $(LOCAL) up

.PHONY: down
down: $(VENV)/.synced ## Stop the stack, keeping its data
	@$(LOCAL) down

.PHONY: status
status: $(VENV)/.synced ## Say where the stack is
	@$(LOCAL) status

.PHONY: logs
logs: $(VENV)/.synced ## Follow a log: make logs [NAME=ministack|stripe|sms|deploy]
	@$(LOCAL) logs $(or $(NAME),ministack)

.PHONY: clean
clean: down ## Stop the stack and forget its data (environments and builds stay)
	@cd $(or $(COACHWAY_HOME),.local) && rm -rf state s3 tmp run logs sandboxes stack.json deployed.json
	@echo "forgotten"

##@ Proof
.PHONY: test
test: $(VENV)/.synced ## Run every test, on a stack of its own: make test [TESTS=tests/unit]
	@$(PY) -m pytest $(TESTS) -q -n $(WORKERS) --dist loadgroup --durations=20 $(ARGS)

.PHONY: test-clock
test-clock: $(VENV)/.synced ## Run the tests under another clock: make test-clock AT=2027-03-14T00:30:00Z [TESTS=tests/unit]
	@$(PY) -m tests.shifted_clock "$(or $(AT),$(error AT=2027-03-14T00:30:00Z, 00:30Z or +365d says when))" \
		$(TESTS) -q -n $(WORKERS) --dist loadgroup --durations=20 $(ARGS)

.PHONY: check
check: $(VENV)/.synced ## Style, types, floors, security, templates, generated files
	@echo "▸ ruff";          $(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .
	@echo "▸ mypy";          $(VENV)/bin/mypy
	@echo "▸ import-linter"; PYTHONPATH=layers/coachway/python $(VENV)/bin/lint-imports
	@echo "▸ bandit";        $(VENV)/bin/bandit -q -c pyproject.toml -r layers/coachway/python functions infra/local tools
	@echo "▸ cfn-lint";      $(VENV)/bin/cfn-lint template.yaml infra/observability.yaml
	@echo "▸ sam validate";  SAM_CLI_TELEMETRY=0 "$$($(LOCAL) environment sam)/sam" validate --lint --region us-east-1 --template template.yaml
	@echo "▸ generated files"; $(MAKE) check-generated
	@echo "all is well"

.PHONY: check-generated
check-generated: $(VENV)/.synced
	@PYTHONPATH=layers/coachway/python:. $(PY) -m tools.generate --check

.PHONY: fuzz
fuzz: $(VENV)/.synced ## Throw rubbish at every route, on a stack of its own: make fuzz [CASES=40 for each]
	@FUZZ_CASES=$(or $(CASES),40) $(PY) -m pytest tests/security/test_fuzz.py -q $(ARGS)

.PHONY: bench
bench: $(VENV)/.synced ## Measure, and write docs/performance.md
	@PYTHONPATH=layers/coachway/python:. $(PY) -m tests.load.bench

.PHONY: test-localstack
test-localstack: $(VENV)/.synced ## Deploy to the LocalStack that answers at COACHWAY_PORT, and go from quote to booking there
	@TARGET=localstack $(PY) -m pytest tests/workflows -q -m localstack $(ARGS)

##@ Code
.PHONY: fmt
fmt: $(VENV)/.synced ## Format the code
	@$(VENV)/bin/ruff check --fix-only -q . ; $(VENV)/bin/ruff format .

.PHONY: generate
generate: $(VENV)/.synced ## Write what is generated: gateway, OpenAPI, data map, event schemas
	@PYTHONPATH=layers/coachway/python:. $(PY) -m tools.generate

.PHONY: answers
answers: $(VENV)/.synced ## Record what the stack at hand answers, for the examples of the API's document
	@PYTHONPATH=layers/coachway/python:. $(PY) -m tests.security.answers

.PHONY: lock
lock: $(VENV)/bin/uv ## Resolve the dependencies again, to newer versions
	@$(VENV)/bin/uv lock --upgrade

.PHONY: layers
layers: $(VENV)/.synced ## Build the layers and say how large they are: make layers [RUNTIME=python3.13 for AWS]
	@$(LOCAL) layers $(if $(RUNTIME),--runtime $(RUNTIME))

##@ Operation, of the stack at hand, or with ENV=staging or ENV=prod of the one on AWS
.PHONY: redrive
redrive: $(VENV)/.synced ## Put what lies on the dead-letter queues back on its way, and take up failed flows
	@$(OPERATE) redrive $(ON)

.PHONY: replay
replay: $(VENV)/.synced ## Publish past events again: make replay ORG=org_… FROM=2026-01-01 TO=2026-01-31
	@$(OPERATE) replay $(or $(ORG),$(error ORG=org_… says whose events)) $(or $(FROM),$(error FROM=YYYY-MM-DD says from which day)) \
		$(or $(TO),$(FROM)) $(ON)

.PHONY: rebuild
rebuild: $(VENV)/.synced ## Count the figures of vendors and drivers again from past events: make rebuild ORG=org_…
	@$(OPERATE) rebuild $(or $(ORG),$(error ORG=org_… says whose)) $(ON)

.PHONY: platform-user
platform-user: $(VENV)/.synced ## Invite who runs the deployment: make platform-user ORG=demo EMAIL=… [NAME="Pia Novak"]
	@$(OPERATE) platform-user $(or $(ORG),$(error ORG= says which organization, by its slug)) \
		$(or $(EMAIL),$(error EMAIL= says who)) $(if $(NAME),--name "$(NAME)") $(ON)

.PHONY: deploy
deploy: $(VENV)/.synced ## Deploy to AWS: make deploy ENV=staging|prod
	@$(LOCAL) deploy $(or $(ENV),$(error ENV=staging or ENV=prod says where to))

# Environments ---------------------------------------------------------------------------------------------------------
$(VENV)/bin/uv:
	@$(or $(PYTHON),false) -c '$(IS_COVERED)' 2>/dev/null || { echo "✗ $(or $(PYTHON),there) is no Python 3.11, 3.12 or 3.13"; \
		echo "  → install one, or name it: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "▸ Making $(VENV) with $(PYTHON) …"
	@$(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) || { echo "✗ uv could not be installed"; echo "  → check the network, then run the same command again"; exit 1; }

$(VENV)/.synced: uv.lock pyproject.toml | $(VENV)/bin/uv
	@echo "▸ Installing the packages of uv.lock …"
	@$(VENV)/bin/uv sync --quiet --locked --inexact || { echo "✗ the packages could not be installed"; echo "  → check the network; if pyproject.toml changed: make lock"; exit 1; }
	@touch $@
