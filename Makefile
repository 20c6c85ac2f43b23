# One command for each habit. A fresh clone needs python3 (3.11 or newer) and make, nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check
UV_VERSION := 0.13.9
CODE := layers agent commands functions local benchmarks tests docs

# A developer's own AWS settings must reach neither the local cloud nor the tests.
unexport AWS_PROFILE AWS_DEFAULT_PROFILE AWS_CA_BUNDLE AWS_ENDPOINT_URL AWS_SESSION_TOKEN
export SAM_CLI_TELEMETRY := 0
# Whatever else it says: hundreds of processes would compile the same files anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo cloud test lint mutants bench herd screenshots build wheel lock clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: $(VENV)/installed ## the whole way of the data, on this machine, with the example pair
	$(BIN)/python -m local.demo

cloud: $(VENV)/installed ## the deployed stack on this machine until Ctrl-C; CLOUD_PORT chooses the port
	@$(BIN)/python -m local.run_cloud

# A file's tests stay together, since they share what they deploy; each worker has a local cloud of its own.
test: $(VENV)/installed ## every test
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

lint: $(VENV)/installed $(VENV)/checkov/installed ## formatting, types, template, workflow, generated pages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(CODE)
	$(BIN)/sam validate --lint --region eu-west-2
	$(BIN)/cfn-lint template.yaml
	AWS_DEFAULT_REGION=eu-west-2 $(VENV)/checkov/bin/checkov --config-file .checkov.yaml
	$(BIN)/zizmor --offline --strict-collection --persona=pedantic --no-progress --quiet .github
	$(BIN)/python docs/build.py --check
	$(BIN)/python docs/confusables.py --check

mutants: $(VENV)/installed ## changes in the code that no test notices; MUTANTS="guard lease" chooses the modules
	$(BIN)/python -m tests.mutate $(MUTANTS)

bench: $(VENV)/installed ## speed, memory and write units, side by side
	PYTHONPATH=layers/aws $(BIN)/python -m benchmarks

screenshots: $(VENV)/installed ## the pictures in docs/screenshots anew, by a headless Chromium
	$(BIN)/python -m docs.screenshots

herd: $(VENV)/installed ## many servers on a bad day, and what they cost
	PYTHONPATH=layers/aws $(BIN)/python -m benchmarks.herd

build: $(VENV)/installed ## what a deployment uploads, in .aws-sam/build
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/sam build

wheel: $(VENV)/installed ## the agent alone, and its requirements with their hashes, in dist/agent
	rm -rf build/agent dist/agent
	mkdir -p build/agent dist/agent
	cp -R layers/core/roster agent/roster_agent agent/pyproject.toml LICENSE build/agent
	$(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist/agent build/agent
	cp agent/requirements.txt dist/agent

# Two steps: a changed lock makes a new environment, a changed pyproject only installs the project again.
$(VENV)/locked: requirements.lock
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed, and $(PYTHON) is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.12 ...")'
	@echo "Installing the locked tools into $(VENV) (once; about a minute)"
	@$(PYTHON) -m venv --clear $(VENV)
	@sed -n '/^pip==/,/[^\\]$$/p' requirements.lock > $(VENV)/pip.lock
	@$(PIP) install --require-hashes --no-deps -r $(VENV)/pip.lock
	@$(PIP) install --require-hashes --no-deps --no-compile -r requirements.lock
	@$(BIN)/python -m compileall -q -j 0 -x '/tests/' $(VENV)/lib > $(VENV)/compile.log 2>&1 || true
	@touch $@

$(VENV)/installed: $(VENV)/locked pyproject.toml
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# In an environment of its own: it needs another boto3 than ours.
$(VENV)/checkov/installed: checkov.lock $(VENV)/locked
	@echo "Installing checkov into $(VENV)/checkov (once; about half a minute)"
	@$(PYTHON) -m venv --clear $(VENV)/checkov
	@$(VENV)/checkov/bin/python -m pip -qq --disable-pip-version-check install --require-hashes --no-deps -r checkov.lock
	@touch $@

UV_COMPILE := $(BIN)/uv pip compile --no-config --upgrade --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet

lock: $(VENV)/locked ## all locks anew, from pyproject.toml and the public registry
	@$(PIP) install uv==$(UV_VERSION)
	$(UV_COMPILE) --extra dev --universal --python-version 3.11 --output-file requirements.lock pyproject.toml
	printf 'aws-lambda-powertools\nhttpx2\noauthlib\ntzdata\n' | $(UV_COMPILE) --constraint requirements.lock --python-version 3.13 \
		--python-platform aarch64-manylinux2014 --output-file layers/aws/requirements.txt -
	$(UV_COMPILE) --constraint requirements.lock --universal --python-version 3.11 \
		--output-file agent/requirements.txt agent/pyproject.toml
	echo checkov | $(UV_COMPILE) --universal --python-version 3.11 --output-file checkov.lock -

clean: ## everything that was built
	rm -rf $(VENV) .aws-sam .local .ruff_cache .mypy_cache .pytest_cache .hypothesis build dist *.egg-info
