# make demo    what it does, on a sample table, in a fresh environment
# make check   everything that must hold before a commit: lint types test
# make experiments   the papers' claims, under 30 minutes on two processors: docs/experiments/
# Other targets: install, dev, test, fuzz, lint, types, format, messages, wheel, wheel-check,
# sample-data, sample-reports, clean

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# where `make demo` writes; empty: the command's own choice
OUT ?=

.DEFAULT_GOAL := help
.PHONY: help demo install dev test fuzz lint types check format messages wheel wheel-check
.PHONY: experiments sample-data sample-reports clean

help:
	@sed -n '1,5s/^# //p' Makefile

demo: install
	@$(BIN)/ntkreg demo $(if $(OUT),--out "$(OUT)") --force

install: $(VENV)/.installed
dev: $(VENV)/.installed-dev

# whole files to each worker, whose fixtures are costly; more workers would want more memory
test: dev
	$(BIN)/python -m pytest -q -n logical --maxprocesses 4 --dist loadfile

# damaged files and tables in random dialects, 50,000 of each
FUZZ ?= 50000
fuzz: dev
	NTKREG_FUZZ=$(FUZZ) $(BIN)/python -m pytest -q tests/io/test_fuzz.py

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: dev
	$(BIN)/mypy

check: lint types test

format: dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

messages: dev
	$(BIN)/python -m ntkreg.messages > docs/messages.md

wheel: dev
	rm -rf build
	$(BIN)/python -m build --wheel --outdir dist
	rm -rf build

wheel-check: wheel
	PYTHON="$(PYTHON)" bash .ci/check_wheel dist/ntkreg-*.whl

# EXPERIMENTS="p1_circle_rates" runs only these
EXPERIMENTS ?=
experiments: dev
	$(BIN)/python experiments $(EXPERIMENTS)

sample-data: dev
	$(BIN)/python -m ntkreg_sample_data.generate sample_data

sample-reports: install
	@for lang in ja en; do \
	  $(BIN)/ntkreg demo --lang $$lang --out build/sample_$$lang --force --quiet && \
	  cp build/sample_$$lang/report.html docs/sample_report.$$lang.html || exit 1; \
	done

clean:
	rm -rf $(VENV) build dist ntkreg.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

# The stamps are what makes the second call start at once: pip runs again only when the
# requirements have changed.
$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev]"
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "ntkreg needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Name another one: make PYTHON=python3.12 demo" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make virtual environments: its module ensurepip is missing." >&2; \
	  echo "On Debian and Ubuntu: sudo apt install python3-venv. Then run make again." >&2; \
	  exit 1; }
	$(PYTHON) -m venv $(VENV)
