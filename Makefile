# make study [DATA=...]   the main job: a page about your views     make check   what the automatic run calls
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?=

.PHONY: install study test check format lint types docs site dist browser clean

install: $(VENV)/installed

# PyTorch's Linux wheels of the package index need their CUDA libraries even to be imported.
$(VENV)/installed: pyproject.toml
	@echo "Installing goodviews and about 100 packages into $(VENV), once. Where nothing is cached,"
	@echo "about 3 GB are downloaded (PyTorch with CUDA, most of it) and take 6 GB on disk: 3 to 10 minutes."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --editable '.[dev]'
	@touch $@
	@echo "Installed into $(VENV)."

study: install
	$(BIN)/goodviews study $(DATA) $(ARGS)

test: install
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not browser and not slow"

format: install
	$(BIN)/ruff format --check src tests benchmarks examples tools

lint: install
	$(BIN)/ruff check src tests benchmarks examples tools

types: install
	$(BIN)/mypy

docs: install
	$(BIN)/python -m pytest --doctest-modules src

check: format lint types test docs

# The documentation as pages that need no network: open build/site/index.html.
site: install
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[site]'
	$(BIN)/python tools/site.py

# Wheel and sdist: their long description must render, and each is installed by itself and used.
dist: install
	rm -rf build/dist
	$(BIN)/python -m pip install --quiet --disable-pip-version-check build twine
	$(BIN)/python -m build --outdir build/dist . > /dev/null
	$(BIN)/python -m twine check --strict build/dist/*
	$(BIN)/python tools/installed.py build/dist

browser: install
	$(BIN)/python -m pytest -m browser tests/e2e

clean:
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache
