# `make` alone lists the targets.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export MLFLOW_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := 1
# Images of containers often forbid bytecode: then each command would compile PyTorch and MLflow anew, 11 s of CPU time.
unexport PYTHONDONTWRITEBYTECODE
# uv installs in half a minute what takes pip four; it is told where the environment sends pip.
ifdef PIP_INDEX_URL
export UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
endif
ifdef PIP_FIND_LINKS
export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)
endif
PINNED := -c constraints.txt -e '.[dev,offline]'

.DEFAULT_GOAL := help
# Tables and figures of the papers: at the paper's scale (hours on a GPU, and an LLM), at mini (on two cores, with
# recorded completions) or at smoke (minutes, for tests). SWEEP has options of the sweep, as in
# SWEEP='launcher=joblib side_by_side=2', and WITH overrides of each job, as in WITH='llm=openai seed=0,1,2,3,4'.
SCALE ?= mini
SWEEP ?=
WITH ?=
TABLES := table1 table2 table3 table4 table5 table6 table7 table8 table-asd table-gold baize
FIGURES := figure1 figure2 figure3 figure4

.PHONY: help setup demo test test-cluster bench-cluster lint types check audit ui docs clean paper $(TABLES) $(FIGURES)

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Make .venv with everything pinned in constraints.txt

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "clinsynth needs Python 3.11 or later; choose one with: make setup PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo 'Setting up $(VENV): 2 to 6 GB, most of it PyTorch'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python $(PINNED) || \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile $(PINNED)
	@touch $@

# TASK=chat: a chat model from self-chat, in the place of the three sample corpora.
TASK ?=
demo: $(READY) ## What synthetic text is worth on the three sample corpora: tables, figures, samples; TASK=chat: a chat model
	$(if $(filter-out chat,$(TASK)),$(error TASK=$(TASK) has no demo: it is chat, or left out))
	@PATH="$(CURDIR)/$(BIN):$$PATH" && $(if $(TASK),demo/chat.sh,clinsynth demo)

$(TABLES) $(FIGURES): TARGET = $@
paper: TARGET = all
paper: $(READY) ## All tables and figures of the papers; also table1 ... table8, figure1 ... figure4, table-asd, baize; table-gold by its name alone
paper $(TABLES) $(FIGURES): $(READY)
	@PATH="$(CURDIR)/$(BIN):$$PATH"; \
	  clinsynth sweep target=$(TARGET) scale=$(SCALE) $(SWEEP) $(if $(WITH),-- $(WITH)); swept=$$?; \
	  clinsynth report target=$(TARGET) scale=$(SCALE) $(if $(WITH),-- $(WITH)) && exit $$swept

test: $(READY) ## Run the tests
	$(BIN)/python -m pytest

# Debian keeps the daemons out of the PATH of users.
DAEMONS := PATH="$$PATH:/usr/sbin:$$(echo /usr/lib/postgresql/*/bin)"
test-cluster: $(READY) ## Run the tests that start Slurm and PostgreSQL (Debian: slurm-wlm, munge, postgresql)
	@for name in munged slurmctld slurmd postgres; do \
	  $(DAEMONS) command -v $$name >/dev/null || echo "There is no $$name here: tests that need it are skipped"; \
	done
	$(BIN)/python -m pytest -n 0 -m 'slurm or postgres'

bench-cluster: $(READY) ## What Slurm costs a job, and failures cost a sweep: 200 tiny trainings
	$(BIN)/python benchmarks/cluster.py

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

check: lint types test ## Lint, types, tests: what CI runs

audit: $(READY) ## Licences of all that is installed, and known weaknesses of what is pinned (asks PyPI)
	$(BIN)/python tests/licences.py
	@$(BIN)/uv tool run pip-audit -r constraints.txt --disable-pip --no-deps --strict --progress-spinner off || \
	  { echo "The licences are as listed. Weaknesses were found, or PyPI could not be asked for them (see above):"; \
	    echo "in the second case nothing is known of them, and the audit has to be made where PyPI is reachable."; exit 1; }

docs: $(READY) ## Build the user guide into site/ (open site/index.html); needs no network
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

ui: $(READY) ## Compare runs in the MLflow UI, in a browser
	@echo "Open http://127.0.0.1:5000/#/experiments?workflowType=machine_learning (Ctrl-C ends the server)"
	$(BIN)/mlflow ui --backend-store-uri sqlite:///mlruns/mlflow.db --host 127.0.0.1 --port 5000

clean: ## Remove what runs have made (not .venv, not downloaded data, not the answers of LLMs)
	rm -rf outputs multirun/* mlruns/*
	@test ! -d artifacts || find artifacts -mindepth 1 -maxdepth 1 ! -name 'completions.db*' ! -name 'sent.jsonl*' -exec rm -rf {} +
	@test ! -f artifacts/completions.db || echo "artifacts/completions.db is kept: it holds answers that were paid for"
