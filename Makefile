# Puntual: `make` lists the targets.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8080
DATA ?= data/scl_2017.csv

BIN := .venv/bin
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.12 --only-binary :all: \
	--generate-hashes --no-header --no-emit-index-url

# Spark is heavy, and needed only where DATA=spark:... says so.
SPARK := $(filter spark:%,$(DATA))
ENGINE := .venv/ready $(if $(SPARK),.build/spark/ready)
TRAINING := $(if $(SPARK),PYTHONPATH=.build/spark )$(BIN)/python -m training

.PHONY: help install serve train select score bigquery test check format package lock

help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  \1\t\2/p' Makefile | expand -t 14

install: .venv/ready ## set up .venv with all that the project needs

serve: package .build/runtime/ready ## answer flights on PORT (8080), as deployed
	FUNCTION_USE_ASGI=1 .build/runtime/bin/functions-framework \
		--target predict --source .build/function/main.py --host $(HOST) --port $(PORT)

train: $(ENGINE) ## train on DATA (flights or counts) and replace artifacts/
	$(TRAINING) train --data '$(DATA)'

score: $(ENGINE) ## write the flights of DATA with their answers to OUT
	$(TRAINING) score --flights '$(DATA)' --out '$(OUT)'

select: $(ENGINE) ## repeat the choice of the training settings
	$(TRAINING) select --data '$(DATA)'

bigquery: .venv/ready ## print the SQL for BigQuery (DATASET=PROJECT.DATASET; --help has more)
	@$(BIN)/python -m training bigquery $(if $(DATASET),--dataset $(DATASET))

test: .venv/ready .build/runtime/ready package ## run all tests
	$(BIN)/pytest

check: .venv/ready ## lint and type-check; change nothing
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: .venv/ready ## mend what can be mended without thought
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

package: ## lay out what ships in .build/function
	rm -rf .build/function && mkdir -p .build/function
	cp function/*.py function/requirements.txt function/model.onnx .build/function

lock: .venv/ready ## lock the dependencies of pyproject.toml anew
	$(COMPILE) --group function --output-file function/requirements.txt
	$(COMPILE) --group dev --constraints function/requirements.txt \
		--output-file training/requirements.txt
	$(COMPILE) --no-binary pyspark --group spark --output-file tests/spark/requirements.txt

.venv/ready: training/requirements.txt
.build/runtime/ready: function/requirements.txt
.build/spark/ready: tests/spark/requirements.txt .venv/ready
	rm -rf .build/spark
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes --no-deps --target .build/spark --requirement $<
	touch $@

%/ready:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 12) and \
		f"Puntual needs Python 3.12 or newer, and $(PYTHON) is {sys.version.split()[0]}.")'
	rm -rf $*
	$(PYTHON) -m venv $*
	$*/bin/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes --only-binary :all: --requirement $<
	touch $@
