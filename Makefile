# Every task of the project. `make` or `make help` lists them.
.DEFAULT_GOAL := help
SHELL := bash
BIN := .venv/bin
STATIC := src/leadline/server/ui/static
UI_SOURCES := $(shell find ui -path ui/node_modules -prune -o -type f -print 2>/dev/null)
ARGS ?=
SECONDS ?= 20

.PHONY: help run test check lint types imports generated docs ui bench fuzz format clean

help: ## List the tasks
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-10s %s\n", $$1, $$2}'

run: .venv/run.done $(STATIC)/index.html ## Start server and agent on this machine (ARGS="--listen 0.0.0.0:8412")
	@$(BIN)/leadline up $(ARGS)

test: .venv/dev.done .venv/services.done $(STATIC)/index.html ## Install what the tests need and run them all
	tools/test
	tools/npm --prefix ui test

check: .venv/dev.done ui/node_modules/.done ## Formatting, lint, types, import rules, generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m leadline.catalogue --check
	tools/npm --prefix ui run check

format: .venv/dev.done ## Format and fix what can be fixed by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: .venv/dev.done ## Write the generated catalogue, schema.lock and reference pages
	$(BIN)/python -m leadline.catalogue

ui: $(STATIC)/index.html ## Build the web UI

bench: .venv/dev.done $(STATIC)/index.html ## Run every benchmark and print its figures
	@for program in bench/[a-z]*.py; do echo "== $$program"; $(BIN)/python $$program || exit 1; done

fuzz: .venv/fuzz.done ## Fuzz every parser for SECONDS each (default 20)
	@$(BIN)/python tests/fuzz/fuzz.py all --seconds $(SECONDS)

clean: ## Remove everything that was built or installed
	rm -rf .venv .fuzz ui/node_modules ui/dist $(STATIC) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/run.done: requirements/run.txt pyproject.toml tools/python
	@tools/python run
	@touch $@

.venv/dev.done: requirements/dev.txt pyproject.toml tools/python
	@tools/python dev
	@touch $@ .venv/run.done

.venv/fuzz.done: .venv/dev.done requirements/fuzz.txt
	@$(BIN)/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/fuzz.txt
	@touch $@

.venv/services.done: tools/services
	@tools/services
	@touch $@

ui/node_modules/.done: ui/package.json ui/package-lock.json | .venv/run.done
	@# not `npm ci`: it refuses a lock file without the packages of platforms that a registry does not serve
	@tools/npm --prefix ui install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

$(STATIC)/index.html: ui/node_modules/.done $(UI_SOURCES)
	@tools/npm --prefix ui run build
	@touch $@
