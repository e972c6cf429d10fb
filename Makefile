# Every target makes what it lacks: `make demo` on a fresh machine sets everything up first.
# PYTHON=/path/to/python3.11 names the Python that .venv is built on.

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow test-s3 test-radosgw test-chaos test-soak fuzz conform check bench bench-quality rules docs up down requirements clean

BIN := .venv/bin
# Taken as they were typed, so that blanks, quotes and dollar signs of a file's name survive.
export DEMO_INPUT := $(value INPUT)
export DEMO_KEEP := $(filter-out 0 no false,$(KEEP))

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-22s %s\n", $$1, $$2 }'

setup: ## Make .venv with the pinned packages; install ffmpeg and python3-venv where they are missing
	@sh scripts/setup

demo: setup ## Process a film on Airflow and prove the result  [INPUT=/path/to/film] [STORE=s3] [KEEP=1 leaves Airflow up]
	@case "$(STORE)" in ""|s3) ;; *) echo "make demo: STORE must be s3 or nothing" >&2; exit 2;; esac
	@$(if $(filter s3,$(STORE)),sh scripts/ministack,:)
	@exec $(BIN)/python -m media_airflow.demo $${DEMO_INPUT:+--input "$$DEMO_INPUT"} $${DEMO_KEEP:+--keep} $(if $(filter s3,$(STORE)),--s3)

test: setup ## Run the tests
	@exec $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not slow" --durations=15

test-slow: setup ## Run the tests that take minutes
	@exec $(BIN)/python -m pytest -m "slow and not chaos and not soak"

test-s3: setup ## Run the tests that need an S3 server, on one that is installed into build/ministack
	@sh scripts/ministack
	@exec $(BIN)/python -m pytest -m s3

test-radosgw: setup ## Run the same tests on Ceph's radosgw; installs it out of Debian's packages
	@sh scripts/radosgw
	@MEDIA_OPS_TEST_SERVER=radosgw exec $(BIN)/python -m pytest -m s3

test-chaos: setup ## Kill what a real Airflow runs, at many moments; writes build/chaos.json
	@exec $(BIN)/python -m pytest -m chaos tests/chaos

test-soak: setup ## Run jobs at full load of all cores: nothing healthy may be killed  [SOAK_MINUTES=30]
	@exec $(BIN)/python -m pytest -s -m soak tests/soak

fuzz: setup ## Process damaged files, N of them from SEED on  [N=2000] [SEED=1]
	@N=$(or $(N),2000) SEED=$(or $(SEED),1) exec nice $(BIN)/python -m pytest -m slow -s tests/fuzz -k many

conform: setup ## Try a corpus of real files; writes docs/conformance.md  [CORPUS=/path]
	@exec $(BIN)/python -m tests.conform.corpus "$${CORPUS:-../shared/corpus}"

check: setup ## Lint, format, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

rules: setup ## Write docs/rules.md from the table in the code
	@$(BIN)/python -m media_ops.rules > docs/rules.md.new && mv docs/rules.md.new docs/rules.md

bench: setup ## Measure what slicing, algorithms and moving frames cost  [BENCH=slicing, algorithms or moving]
	@exec $(BIN)/python -m media_airflow.bench $${BENCH:+--only "$$BENCH"}

bench-quality: setup ## Measure segments beside whole-file runs; writes docs/performance.md  [CLIPS=/folder]
	@exec $(BIN)/python -m media_airflow.bench --only quality

docs: rules ## Write docs/algorithms/ from the code: a page for each, and a still before and after
	@$(BIN)/python -m media_airflow.pages docs/algorithms

up: setup ## Start Airflow on this machine
	@exec $(BIN)/python -m media_airflow.embedded up

down: setup ## Stop it
	@exec $(BIN)/python -m media_airflow.embedded down

requirements: setup ## Compile requirements.txt from pyproject.toml  [UPGRADE=1 takes newer versions]
	@exec sh scripts/requirements

clean: ## Stop Airflow and remove what was built, but for .venv
	@if [ -e build/airflow ] && [ -x $(BIN)/python ]; then $(BIN)/python -m media_airflow.embedded down; fi
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
