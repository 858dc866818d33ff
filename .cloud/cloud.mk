# The function on Google Cloud. Each target prints the gcloud command lines it runs; with
# DRY_RUN=1 it only prints them.
SERVICE ?= puntual
REGION ?= southamerica-west1
TAG ?= c$(shell git rev-parse --short HEAD)
CANARY ?= 10
PUBLIC ?= false
MARGIN ?= 0.005
ALLOW_WORSE ?= false

# One CPU runs one process with one thread (ONNX Runtime's too), which answers a flight in less
# than a millisecond: 80 requests at once wait a few milliseconds for it, and need no more memory
# than one, as a body is at most 4 MiB and a run of the model holds at most 2,048 rows. More CPU would
# idle; a higher concurrency would only queue longer before another instance starts.
CPU ?= 1
MEMORY ?= 512Mi
CONCURRENCY ?= 80
MIN_INSTANCES ?= 0
MAX_INSTANCES ?= 4

OF_DELIVERY := PROJECT REGION SERVICE TAG CANARY PUBLIC MARGIN ALLOW_WORSE REPO REPOSITORY LIMIT \
	CALLER TOKEN_FILE DRY_RUN CPU MEMORY CONCURRENCY MIN_INSTANCES MAX_INSTANCES PYTHON310

CLOUD = $(foreach name,$(filter-out PYTHON310,$(OF_DELIVERY)) PORT,$(name)='$($(name))') python3 .cloud

.PHONY: bootstrap tidy serving gate deploy smoke canary promote withdraw rollback logs open evaluate

bootstrap: ## prepare PROJECT; with REPO=owner/name, its triggers too
tidy: ## remove the canaries that cancelled builds left
serving: ## note the address that serves, and a token for it
canary: ## give what is deployed under TAG a share of CANARY percent
promote: ## give what is deployed under TAG all traffic
withdraw: ## take the traffic and the tag from what is deployed under TAG
rollback: ## go back to the revision that served before; a second time undoes it
logs: ## show the last log lines of the service
open: ## bring the closed page to http://localhost:8080 (PORT) for who may call it
bootstrap tidy serving canary promote withdraw rollback logs open:
	@$(CLOUD) $@

gate: .venv/ready ## refuse a model that is worse than the serving one on the same flights
	@$(CLOUD) gate $(ARGS)

smoke: .venv/ready ## test the function that is deployed at URL
	@$(CLOUD) smoke '$(URL)'

deploy: package ## deploy the package without traffic, under TAG
	@[ -z "$$(git status --porcelain function 2>/dev/null)" ] || \
		echo 'Note: function/ has changes that are not committed; they are deployed under $(TAG).' >&2
	@$(CLOUD) deploy

evaluate: $(ENGINE) ## judge the current model, or the one at URL, on flights of DATA
	@$(CLOUD) with-token '$(URL)' env $(TRAINING) evaluate --data '$(FLIGHTS)' $(if $(URL),--url $(URL)) $(ARGS)

# ONNX Runtime 1.12, in which BigQuery runs the graph, has no wheels for a newer Python than 3.10.
PYTHON310 ?= $(firstword $(wildcard $(shell pyenv prefix $$(pyenv latest 3.10) 2>/dev/null)/bin/python) 3.10)

.build/bigquery/ready: tests/bigquery/requirements.txt | .build/uv/ready
	rm -rf .build/bigquery
	$(UV) venv --quiet --no-python-downloads --python $(PYTHON310) .build/bigquery
	$(UV) pip install --quiet --python .build/bigquery/bin/python --require-hashes \
		--only-binary :all: --requirement $<
	touch $@
