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
	$(BIN)/python -m pytest -n auto -m "not browser and not slow"

format: install
	$(BIN)/ruff format --check src tests benchmarks examples tools

lint: install
	$(BIN)/ruff check src tests benchmarks examples tools

types: install
	$(BIN)/mypy

docs: install
	$(BIN)/python -m pytest --doctest-modules src

check: format lint types test docs

browser: install
	$(BIN)/python -m pytest -m browser tests/e2e

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
