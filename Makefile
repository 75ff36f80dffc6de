# What a person does with a checkout. `make help` lists it. Works with GNU Make 3.81 (macOS) and later.
SHELL := /bin/sh
BIN := .venv/bin
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help venv demo serve check test bench soak mutants lock clean

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

venv: .venv/.ready ## .venv, from the lock with hashes (redone only when the lock or pyproject.toml changes)

.venv/.ready: requirements/dev.txt pyproject.toml bin/bootstrap
	@PYTHON="$(PYTHON)" sh bin/bootstrap

demo: .venv/.ready ## a made-up utility and a technician's day, then the server: [POINTS=5000] [CITY=folder] [ONCE=1]
	$(BIN)/curbstop demo $(if $(POINTS),--points $(POINTS)) $(if $(CITY),--city "$(CITY)") $(if $(ONCE),--once)

serve: .venv/.ready ## the API, the worker and the relay on the database of CURBSTOP_DATABASE_URL
	$(BIN)/curbstop serve

check: .venv/.ready ## format, lint, types, floors, migrations, the house's own tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.house.migrations
	$(BIN)/python -m pytest -q tests/house

test: .venv/.ready ## every test on both backends: [T=tests/sync] narrows, [WORKERS=2]
	$(BIN)/python -m tests.services install
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal $(T)

bench: .venv/.ready ## one JSON line for each figure: [ONLY='main.*'] [QUICK=1]
	@$(BIN)/python -m bench $(if $(ONLY),--only '$(ONLY)') $(if $(QUICK),--quick)

soak: .venv/.ready ## the whole system under faults, then the accounts: [MINUTES=5] [TABLETS=12] [SEED=1]
	@$(BIN)/python -m tests.services install
	@$(BIN)/python -m tests.faults --minutes $(or $(MINUTES),5) --tablets $(or $(TABLETS),12) $(if $(SEED),--seed $(SEED))

mutants: .venv/.ready ## switches each safety mechanism off in a copy; a test must notice: [ONLY='leave record']
	@$(BIN)/python -m tests.services install
	@$(BIN)/python -m tests.mutants $(if $(ONLY),'$(ONLY)')

LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

lock: ## requirements/*.txt from pyproject.toml (the one target that needs uv); UPGRADE=1 takes newer versions
	$(LOCK) $(if $(UPGRADE),--upgrade) pyproject.toml -o requirements/main.txt
	$(LOCK) $(if $(UPGRADE),--upgrade) pyproject.toml --group dev -c requirements/main.txt -o requirements/dev.txt
	$(LOCK) $(if $(UPGRADE),--upgrade) bench/pygeoapi.in -o requirements/pygeoapi.txt

clean: ## remove .venv, caches and builds
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
