# Puntual: `make` lists the targets.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8080
DATA ?= data/scl_2017.csv

BIN := .venv/bin
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.12 --only-binary :all: \
	--generate-hashes --no-header --no-emit-index-url

.PHONY: help install serve train select test check format package reproduce lock

help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

install: .venv/ready ## set up .venv with all that the project needs

serve: package .build/runtime/ready ## answer flights on PORT (8080), as deployed
	FUNCTION_USE_ASGI=1 .build/runtime/bin/functions-framework \
		--target predict --source .build/function/main.py --host $(HOST) --port $(PORT)

train: .venv/ready ## train on DATA (flights or counts) and replace artifacts/
	$(BIN)/python -m training train --data $(DATA)

select: .venv/ready ## repeat the choice of the training settings
	$(BIN)/python -m training select --data $(DATA)

test: .venv/ready .build/runtime/ready package ## run all tests, or TESTS alone
	$(BIN)/pytest $(TESTS)

check: .venv/ready ## lint and type-check; change nothing
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: .venv/ready ## mend what can be mended without thought
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

package: ## lay out what ships in .build/function, the same bytes each time
	rm -rf .build/function && mkdir -p .build/function
	cp -L function/*.* .build/function
	cd .build/function && { echo '*'; printf '!%s\n' *; } > .gcloudignore && \
		chmod 644 * .gcloudignore && TZ=UTC touch -t 198001010000 * .gcloudignore && wc -c *

reproduce: .venv/ready ## train again; the artifacts must come out byte for byte
	rm -rf .build/reproduced
	$(BIN)/python -m training train --data $(DATA) --out .build/reproduced
	diff -rs artifacts .build/reproduced

lock: .venv/ready ## lock the dependencies of pyproject.toml anew
	$(COMPILE) --group function --output-file function/requirements.txt
	$(COMPILE) --group dev --constraints function/requirements.txt \
		--output-file training/requirements.txt

.venv/ready: training/requirements.txt
.build/runtime/ready: function/requirements.txt
%/ready:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 12) and \
		f"Puntual needs Python 3.12 or newer, and $(PYTHON) is {sys.version.split()[0]}.")'
	rm -rf $*
	$(PYTHON) -m venv $*
	$*/bin/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes --only-binary :all: --requirement $<
	touch $@

include .cloud/cloud.mk
