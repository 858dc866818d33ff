# Puntual: `make` lists the targets.
HOST ?= 127.0.0.1
PORT ?= 8080
SIZES ?= 1,10

BIN := .venv/bin
COVERED := $(BIN)/coverage report --skip-covered --show-missing
UV := .build/uv/bin/uv
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.12 --only-binary :all: \
	--generate-hashes --no-header --no-emit-index-url
RIVALS := reference fastapi_onnx hello floor
# What a command of `python -m training` can, its target can: ARGS is passed on. Without DATA the
# flights are those of data/airport.toml.
ABOUT = $(if $(PLACE),--place '$(PLACE)') $(if $(PERIOD),--period '$(PERIOD)')
OF_DATA = $(if $(DATA),--data '$(DATA)')
FLIGHTS = $(or $(DATA),$(error Say which flights: DATA=...))
# Spark is heavy, and needed only where DATA=spark:... says so.
SPARK := $(filter spark:%,$(DATA))
ENGINE := .venv/ready $(if $(SPARK),.build/spark/ready)
TRAINING := $(if $(SPARK),PYTHONPATH=.build/spark )$(BIN)/python -m training

LOCKS = $(wildcard .setup/requirements.txt function/requirements.txt training/requirements.txt \
	tests/*/requirements.txt tests/*/*/requirements.txt tests/bench/rivals/*/requirements.txt)

# Tests run on all cores, on up to eight, as each process imports everything.
PARALLEL := --numprocesses auto --maxprocesses 8 --dist worksteal
QUICK_TESTS := $(PARALLEL) -m 'not slow and not alone and not browser'
STRICT := $(if $(filter true 1,$(CI) $(ALL)),--no-skips)

.PHONY: help install serve train score report select bigquery reproduce test test-all check format audit lock
.PHONY: package sbom
.PHONY: bench stress-test overload soak fuzz

help: ## list the targets and their variables
	@sed -nE 's/^([a-z-]+):.*## (.*)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14
	@sed -nE 's/^# ([A-Z_]+): (.*)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 14
	@echo '  Variables of the delivery are at the top of .cloud/cloud.mk.'

# DATA: flights or counts, instead of those in data/airport.toml
# PLACE: whose flights DATA has, such as 'New York (JFK)'
# PERIOD: when they were, where DATA has no dates
# ARGS: more options of the command behind the target
# OUT: where `make score` writes
# DATASET: where BigQuery keeps the model
# TESTS: what `make test` runs instead of its level
# ALL: 1 to fail where a test skips
# HOST: the address that `make serve` listens at
# PORT: the port that it listens at
# PYTHON: the Python to set up with
# QUICK: 1 for a short bench
# SIZES: millions of flights that the bench counts and scores
# SECONDS: how long a load or fuzz test runs
# USERS: how many callers a stress test has
# URL: the service to ask
known = $(shell sed -nE 's/^\# ([A-Z_]+): .*/\1/p' $(firstword $(MAKEFILE_LIST)))

install: .venv/ready ## set up .venv with all that the project needs

serve: package .build/runtime/ready ## answer flights on PORT (8080), as deployed
	@exec .build/runtime/bin/python .setup/serve.py '$(HOST)' '$(PORT)'

train: $(ENGINE) ## train on DATA (flights or counts) of PLACE and PERIOD; ARGS names columns
	$(TRAINING) train $(OF_DATA) $(ABOUT) $(ARGS)

score: $(ENGINE) ## write the flights of DATA with their answers to OUT
	$(TRAINING) score --flights '$(FLIGHTS)' --out '$(or $(OUT),$(error Say where to write: OUT=...))' $(ARGS)

report: $(ENGINE) ## write artifacts/report.html, from the DATA that the model was trained on
	$(TRAINING) report $(OF_DATA) $(ARGS)

select: $(ENGINE) ## repeat the choice of the training settings
	$(TRAINING) select $(OF_DATA) $(ARGS)

bigquery: .venv/ready ## print the SQL for BigQuery (DATASET=PROJECT.DATASET; --help has more)
	@$(BIN)/python -m training bigquery $(if $(DATASET),--dataset $(DATASET)) $(ARGS)

test: .venv/ready .build/runtime/ready package ## prove the behaviour in minutes, or run TESTS alone
	@$(BIN)/pytest $(or $(TESTS),$(QUICK_TESTS))

# ALL=1 (and CI=true) fails where a test skips. Playwright keeps an event loop running, beside which
# no other test of the process can start one, so the browser has a run of its own.
test-all: .venv/ready .build/runtime/ready package $(if $(shell command -v java),.build/spark/ready)
test-all: .build/zetasql/ready ## run every test, and hold the bounds of coverage
	$(BIN)/pytest $(PARALLEL) -m 'not alone and not browser' --cov --cov-report= $(STRICT)
	$(BIN)/pytest $(PARALLEL) -m browser --cov --cov-append --cov-report= $(STRICT)
	$(BIN)/pytest -m alone --cov --cov-append --cov-report= $(STRICT)
	$(COVERED) --include 'function/*' --fail-under 100
	$(COVERED) --include 'training/*' --fail-under 95
	@echo 'Every test passed, and the coverage is within its bounds.'

stress-test: package .venv/ready .build/runtime/ready .build/stress/ready ## 100 users for 60 s, at URL if given
	$(BIN)/python -m tests.load.stress

overload: package .venv/ready .build/runtime/ready ## serve honest callers beside hostile ones
	$(BIN)/python -m tests.load $@

soak: package .venv/ready .build/runtime/ready ## see whether memory or open files grow under mixed requests
	$(BIN)/python -m tests.load $@

fuzz: .build/fuzz/ready package ## look for bodies that break the decoder, for SECONDS (600)
	.build/fuzz/bin/python -m tests.fuzz

audit: .build/uv/ready ## check that the locks are current; change nothing
	@rm -rf .build/locks && mkdir -p .build/locks && tar -cf - $(LOCKS) | tar -xf - -C .build/locks
	$(MAKE) lock; code=$$?; for lock in $(LOCKS); do \
		diff -u -I ' --hash=' ".build/locks/$$lock" "$$lock" || code=1; \
		cp -p ".build/locks/$$lock" "$$lock"; done; exit $$code

sbom: .venv/ready .build/runtime/ready ## list what ships beside the package, with licences
	$(BIN)/cyclonedx-py environment --output-reproducible --output-file .build/function.cdx.json \
		.build/runtime/bin/python

bench: .venv/ready .build/runtime/ready package $(RIVALS:%=.build/bench/%/ready) ## measure against rivals
	$(BIN)/python -m tests.bench $(if $(QUICK),--quick)
	$(BIN)/python -m tests.bench.growth --sizes $(if $(QUICK),1,$(SIZES))

SCRIPTS = $(shell grep -lsE '^\#!.*sh' .setup/* .ci/* .cloud/*)
# What people read and write. Locks, data and pages in two languages are not spelled.
WORDS = .setup .ci .cloud Makefile pyproject.toml cloudbuild.yaml function/*.py training tests \
	$(shell find . -name '*.md' -not -path './.venv/*' -not -path './.build/*' -not -path './.*_cache/*')

check: .venv/ready ## lint, type-check and spell; change nothing
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/shellcheck $(SCRIPTS)
	$(BIN)/codespell $(WORDS)

format: .venv/ready ## mend what can be mended without thought
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# An identical package is left in place: a server may be loading it.
package: ## lay out what ships in .build/function, the same bytes each time
	@set -e; mkdir -p .build; new=$$(mktemp -d .build/function.XXXXXX); trap 'rm -rf "$$new"' EXIT; \
		chmod 755 "$$new"; cp -L $(filter-out %.md,$(wildcard function/*.*)) "$$new"; \
		( cd "$$new"; { echo '*'; printf '!%s\n' *; } > .gcloudignore; \
		chmod 644 * .gcloudignore; TZ=UTC touch -t 198001020000 * .gcloudignore ); \
		diff -rq -x __pycache__ "$$new" .build/function >/dev/null 2>&1 || \
		{ rm -rf .build/function; mv "$$new" .build/function; }

reproduce: .venv/ready ## train again; the artifacts must come out byte for byte
	rm -rf .build/reproduced
	$(BIN)/python -m training train $(OF_DATA) $(ABOUT) $(ARGS) --out .build/reproduced
	cd .build/reproduced && for file in *; do cmp "$$file" "../../artifacts/$$file" || exit 1; done

lock: .build/uv/ready ## lock the dependencies of pyproject.toml anew
	$(COMPILE) --group setup --output-file .setup/requirements.txt
	$(COMPILE) --group function --output-file function/requirements.txt
	$(COMPILE) --group dev --constraints function/requirements.txt \
		--output-file training/requirements.txt
	for rival in $(RIVALS); do $(COMPILE) --group bench-$$rival \
		--constraints function/requirements.txt \
		--output-file tests/bench/rivals/$$rival/requirements.txt; done
	$(COMPILE) --group stress --output-file tests/load/requirements.txt
	$(COMPILE) --group fuzz --constraints function/requirements.txt \
		--output-file tests/fuzz/requirements.txt
	$(subst 3.12,3.10,$(COMPILE)) --group bigquery --output-file tests/bigquery/requirements.txt
	$(COMPILE) --group zetasql --output-file tests/bigquery/sql/requirements.txt
	$(COMPILE) --no-binary pyspark --group spark --output-file tests/spark/requirements.txt

.build/uv/ready: .setup/requirements.txt
	@.setup/uv
.venv/ready: training/requirements.txt
.build/runtime/ready: function/requirements.txt
.build/fuzz/ready: tests/fuzz/requirements.txt
.build/stress/ready: tests/load/requirements.txt
$(RIVALS:%=.build/bench/%/ready): .build/bench/%/ready: tests/bench/rivals/%/requirements.txt
.build/spark/ready: tests/spark/requirements.txt .venv/ready
	@rm -rf .build/spark
	@$(UV) pip install --quiet --require-hashes --no-deps --python $(BIN)/python \
		--target .build/spark --requirement $<
	@touch $@

# The engine is WebAssembly, which takes a minute to compile: once, in the environment.
.build/zetasql/ready: tests/bigquery/sql/requirements.txt | .build/uv/ready
	@.setup/environment .build/zetasql $<
	@.build/zetasql/bin/python -m tests.bigquery.sql.engine </dev/null

# An environment holds what its lock names. PYTHON says which Python, else a good one is found.
%/ready: | .build/uv/ready
	@.setup/environment $* $<

include .cloud/cloud.mk

given = $(filter-out -%,$(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(name))))
unknown = $(filter-out $(known) $(OF_DELIVERY),$(given))
$(if $(unknown),$(error Unknown variable: $(unknown). `make help` lists those that there are))

# BigQuery's ONNX Runtime needs Python 3.10; where there is none, its tests skip.
ifneq ($(filter test-all,$(MAKECMDGOALS)),)
test-all: $(if $(wildcard $(PYTHON310)),.build/bigquery/ready)
endif
