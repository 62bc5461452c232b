# Two commands do everything a new machine needs: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SCOUT := $(VENV)/.scout
PIP_FLAGS := --quiet --disable-pip-version-check

.PHONY: run test test-slow check fix bench clean

run: $(READY)
	$(BIN)/peerpact run

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install $(PIP_FLAGS) --constraint constraints.txt --editable '.[dev]'
	$(BIN)/python -m compileall -q src
	touch $(READY)

$(SCOUT): $(READY)
	$(BIN)/python -m pip install $(PIP_FLAGS) --constraint constraints.txt --editable '.[dev,scout]'
	touch $(SCOUT)

test: $(READY)
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

test-slow: $(SCOUT)
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal -m slow

check: $(READY)
	$(BIN)/ruff format --check src tests bench
	$(BIN)/ruff check src tests bench
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

fix: $(READY)
	$(BIN)/ruff format src tests bench
	$(BIN)/ruff check --fix src tests bench

bench: $(READY)
	for script in bench/*.py; do $(BIN)/python $$script; done

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
