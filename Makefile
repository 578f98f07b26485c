# Two commands: make demo, make test. Everything they need is set up in .venv first.

PYTHON ?= python3
BIN := .venv/bin
SHELL := /bin/bash
CORES := $(shell getconf _NPROCESSORS_ONLN)
WORKERS ?= $(CORES)
# Files are dealt out in the order of tests/conftest.py, the longest first; compiled tests are kept from run to run.
PYTEST := env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest --dist loadfile --no-loadscope-reorder
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test quick check setup setup-dev lock clean
help:
	@echo "make demo    train a small network on handwritten digits and report on pictures it never saw"
	@echo "make test    run the whole test suite and the checks"
	@echo "make quick   run the tests that take minutes, not those of real processes, real pictures and browsers"
	@echo "make check   ruff, mypy and the linter of templates alone"
	@echo "make setup   only set up .venv"

demo: setup
	$(BIN)/glasshouse demo

test: setup-dev
	bash tools/system.sh
	bash tools/checked.sh $(PYTEST) -n $(WORKERS)

quick: setup-dev
	$(PYTEST) -q -n $(CORES) -m "not real and not slow and not system" --ignore tests/browser

check: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/djlint src/glasshouse/web --lint --quiet

setup: .venv/ready
setup-dev: .venv/ready-dev

.venv/ready: requirements-pip.lock requirements.lock requirements-cuda.lock pyproject.toml tools/setup.sh
	PYTHON="$(PYTHON)" bash tools/setup.sh
	touch $@

.venv/ready-dev: .venv/ready requirements-dev.lock
	$(BIN)/pip install --quiet --no-compile --require-hashes --no-deps -r requirements-dev.lock
	bash tools/compile.sh
	touch $@

lock:
	$(PYTHON) tools/lock.py

clean:
	rm -rf .venv build src/*.egg-info .mypy_cache .ruff_cache .pytest_cache
