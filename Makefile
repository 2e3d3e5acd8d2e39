# Everything a person or a script does with a checkout. `make` alone lists it.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --no-input
# Seconds that `make fuzz` may take.
FUZZ_SECONDS ?= 60
# Further words for the programs behind `make bench` and `make demo`.
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help install run demo test lint bench fuzz docs messages requirements

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.installed-dev ## make .venv with everything that development needs

run: $(VENV)/.installed-run ## install what running needs, then serve on port 9666
	@$(BIN)/python -m compileall -q src/duplistatus
	@exec $(BIN)/duplistatus serve

demo: $(VENV)/.installed-run ## serve a made-up fleet with two years of history
	@$(BIN)/python -m compileall -q src/duplistatus
	@exec $(BIN)/duplistatus demo $(ARGS)

test: $(VENV)/.installed-dev ## lint, types, layers and all tests; says what could not run
	@scripts/checks

lint: $(VENV)/.installed-dev ## ruff, mypy and the layer contract
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(VENV)/.installed-dev ## measure the product and write the table to bench/results/
	@$(BIN)/python -m bench $(ARGS)

fuzz: $(VENV)/.installed-dev ## feed broken reports to the parser for FUZZ_SECONDS (60), then nonsense to every route and form
	@FUZZ_SECONDS=$(FUZZ_SECONDS) $(BIN)/python -m tests.fuzz

docs: $(VENV)/.installed-dev ## draw the pictures of the documentation and check what it mentions
	@$(BIN)/python scripts/draw_architecture.py
	@$(BIN)/python -m pytest -q tests/test_documentation.py

messages: $(VENV)/.installed-dev ## collect the texts of the interface for translators
	@$(BIN)/python scripts/extract_messages.py

requirements: $(VENV)/.installed-dev ## pin the newest versions that pyproject.toml allows, with hashes
	@CUSTOM_COMPILE_COMMAND="make requirements" $(BIN)/pip-compile --upgrade --build-deps-for editable \
	    --output-file requirements/run.txt pyproject.toml
	@CUSTOM_COMPILE_COMMAND="make requirements" $(BIN)/pip-compile --upgrade --build-deps-for editable --extra dev \
	    --constraint requirements/run.txt --output-file requirements/dev.txt pyproject.toml

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "duplistatus needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Another one: make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	    || { echo "$(PYTHON) cannot make an environment. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }

# The stamps lie inside the environment: without it, or with newer pins, everything is installed again.
$(VENV)/.installed-run: requirements/run.txt pyproject.toml | $(BIN)/pip
	@echo "Installing what duplistatus needs into $(VENV) …"
	@$(PIP) install --quiet --require-hashes --requirement requirements/run.txt
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: requirements/dev.txt pyproject.toml | $(BIN)/pip
	@echo "Installing what development needs into $(VENV) …"
	@$(PIP) install --quiet --require-hashes --requirement requirements/dev.txt
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.installed-run
