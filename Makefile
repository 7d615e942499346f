# make study [DATA=...]   the main job: a page about your views     make check   what the automatic run calls
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?=

.PHONY: install study test check format lint types docs browser bench clean

install: $(VENV)/installed

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

study: install
	$(BIN)/goodviews study $(DATA) $(ARGS)

test: install
	$(BIN)/python -m pytest -n auto

format: install
	$(BIN)/ruff format --check src tests benchmarks examples

lint: install
	$(BIN)/ruff check src tests benchmarks examples

types: install
	$(BIN)/mypy

docs: install
	$(BIN)/python -m pytest -q --doctest-modules src/goodviews -p no:cacheprovider

check: format lint types test docs

browser: install
	$(BIN)/python -m pytest -m browser tests/e2e

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
