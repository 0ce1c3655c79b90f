# The two commands: make run, make test. Everything they need goes into .venv and .pledge/.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test check setup setup-dev format lock bench chaos fuzz containers sbom audit spark screenshots clean

run: setup
	@$(BIN)/pledge demo

test: setup-dev
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder tests

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

.venv/installed-fuzz: .venv/installed-dev requirements-fuzz.lock
	@docker/install.sh $(BIN)/python fuzz
	@touch $@

format: setup-dev
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format .

# Works from a lock that cannot be installed, too.
lock:
	@test -x $(BIN)/uv || $(MAKE) --no-print-directory setup-dev
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock" pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock" --group dev -c requirements.lock -o requirements-dev.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock" --group fuzz -o requirements-fuzz.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock" --group spark -o requirements-spark.lock

bench: setup-dev
	@$(BIN)/python -m tests.bench --write

chaos: setup-dev
	@PLEDGE_CHAOS=1 PLEDGE_TAMPERINGS=200 KILLS=500 NIGHTS_TRIED=20 $(BIN)/pytest -s tests/chaos \
		tests/journey/test_journey_month_of_alerts.py tests/journey/test_journey_chain.py tests/journey/test_journey_killed.py \
		tests/journey/test_journey_look_back.py tests/security/test_planting.py

# The image and all services of docker/compose.yaml on this machine's engine, and two nights in them: twenty minutes.
containers: setup-dev
	@CONTAINERS=1 $(BIN)/pytest tests/docker/test_containers.py

# Minutes of each target of tests/fuzz/targets.py; atheris has wheels for x86 Linux alone.
FUZZ_MINUTES ?= 5
fuzz: .venv/installed-fuzz
	@$(BIN)/python -m tests.fuzz --minutes $(FUZZ_MINUTES)

sbom: setup-dev
	@mkdir -p .pledge
	@$(BIN)/python -W ignore -m cyclonedx_py requirements --pyproject pyproject.toml --output-reproducible --of JSON -o .pledge/sbom.json requirements.lock
	@echo ".pledge/sbom.json: what is installed for the product, in CycloneDX."

audit: setup-dev
	@$(BIN)/python .ci/audit.py requirements.lock

# Spark has an environment of its own; without a Java nothing is installed and the comparison says so.
spark: setup-dev
	@if command -v java >/dev/null || [ -n "$$JAVA_HOME" ]; then $(MAKE) --no-print-directory .venv-spark/installed; fi
	@$(BIN)/python -m tests.spark.parity

.venv-spark/installed: requirements-spark.lock
	@test -x .venv-spark/bin/python || $(PYTHON) -m venv .venv-spark
	@docker/install.sh .venv-spark/bin/python spark
	@touch $@

screenshots: setup-dev
	@$(BIN)/python -m tests.screenshots

clean:
	@rm -rf .venv .venv-spark .pledge
