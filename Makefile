# The two commands: make run, make test. Everything they need goes into .venv and .pledge/.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test check setup setup-dev format lock bench chaos screenshots clean

run: setup
	@$(BIN)/pledge demo

test: setup-dev
	@$(BIN)/pytest -n 2 tests

check: setup-dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

setup: .venv/installed
setup-dev: .venv/installed-dev

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else f"Python {v[0]}.{v[1]} found; 3.11 to 3.13 needed. Try: make PYTHON=python3.11 …")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@docker/install.sh $(BIN)/python
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.lock
	@docker/install.sh $(BIN)/python dev
	@touch $@

format: setup-dev
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format .

lock: setup-dev
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock" pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock" --group dev -c requirements.lock -o requirements-dev.lock

bench: setup-dev
	@$(BIN)/python -m tests.bench --write

chaos: setup-dev
	@PLEDGE_CHAOS=1 PLEDGE_TAMPERINGS=200 KILLS=500 NIGHTS_TRIED=20 $(BIN)/pytest -s tests/chaos \
		tests/journey/test_journey_month_of_alerts.py tests/journey/test_journey_chain.py tests/journey/test_journey_killed.py \
		tests/journey/test_journey_look_back.py

screenshots: setup-dev
	@$(BIN)/python -m tests.screenshots

clean:
	@rm -rf .venv .pledge
