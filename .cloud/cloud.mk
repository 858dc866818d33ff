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

export SERVICE REGION PROJECT DRY_RUN CALLER TOKEN_FILE

RUN := .cloud/run
TRAFFIC = TAG=$(TAG) .cloud/traffic
STATE := .build/$(if $(DRY_RUN),dry-run,release)
WHERE = --region=$(REGION) --project=$(or $(PROJECT),$(error Say in which project: PROJECT=...))
UPDATE = $(RUN) gcloud run services update-traffic $(SERVICE) $(WHERE)
ACCOUNT = $(1)@$(PROJECT).iam.gserviceaccount.com

.PHONY: bootstrap tidy serving gate deploy smoke canary promote withdraw rollback logs open evaluate

bootstrap: ## prepare PROJECT; with REPO=owner/name, its triggers too
	@: $(WHERE); PUBLIC=$(PUBLIC) REPO=$(REPO) REPOSITORY=$(REPOSITORY) \
		MAX_INSTANCES=$(MAX_INSTANCES) .cloud/bootstrap

tidy: ## remove the canaries that cancelled builds left
	@: $(WHERE); set -eu; old=$$($(TRAFFIC) serving); tags=$$($(TRAFFIC) canaries); \
	[ -z "$$tags" ] || $(UPDATE) --to-revisions=$$old=100 --remove-tags=$$tags

serving: ## note the address that serves, and a token for it
	@: $(WHERE); .cloud/serving $(STATE)

gate: .venv/ready ## refuse a model that is worse than the serving one on the same flights
	@[ -n "$(DRY_RUN)" ] || test -f $(STATE)/serving || { \
		echo 'Cannot compare: the serving address is not known. Run `make serving` first.' >&2; exit 1; }
	@$(RUN) $(BIN)/python -m training gate --margin $(MARGIN) --token-file $(STATE)/token \
		--serving "$$(cat $(STATE)/serving 2>/dev/null)" $(if $(filter true,$(ALLOW_WORSE)),--allow-worse) $(ARGS)

# The base image is not updated under a tested revision: run the trigger again for a newer one.
# gunicorn's control socket goes to XDG_RUNTIME_DIR, as HOME cannot be written.
deploy: package ## deploy the package without traffic, under TAG
	@[ -z "$$(git status --porcelain function 2>/dev/null)" ] || \
		echo 'Note: function/ has changes that are not committed; they are deployed under $(TAG).' >&2
	@$(RUN) gcloud run deploy $(SERVICE) $(WHERE) --source=.build/function \
		--function=predict --base-image=python313 --no-automatic-updates \
		--no-traffic --tag=$(TAG) \
		--cpu=$(CPU) --memory=$(MEMORY) --concurrency=$(CONCURRENCY) --cpu-boost \
		--min=$(MIN_INSTANCES) --max-instances=$(MAX_INSTANCES) \
		--service-account=$(call ACCOUNT,$(SERVICE)) \
		--build-service-account=projects/$(PROJECT)/serviceAccounts/$(call ACCOUNT,$(SERVICE)-build) \
		--set-env-vars=FUNCTION_USE_ASGI=1,ORT_DISABLE_TELEMETRY=1,XDG_RUNTIME_DIR=/tmp,GOOGLE_CLOUD_PROJECT=$(PROJECT) \
		--set-build-env-vars=GOOGLE_PYTHON_PACKAGE_MANAGER=uv,SOURCE_DATE_EPOCH=1 --quiet
	@mkdir -p $(STATE)
	@url=$$($(TRAFFIC) url $(TAG)) && echo $$url | tee $(STATE)/url

smoke: .venv/ready ## test the function that is deployed at URL
	@test -n "$(URL)" || { echo 'Say where: URL=...'; exit 1; }
	@token=$$(.cloud/token $(URL)) && \
		PUNTUAL_URL=$(URL) PUNTUAL_TOKEN="$$token" $(RUN) $(BIN)/pytest tests/deployed

canary: ## give what is deployed under TAG a share of CANARY percent
	@$(UPDATE) --to-tags=$(TAG)=$(CANARY)

promote: ## give what is deployed under TAG all traffic
	@set -eu; new=$$($(TRAFFIC) revision $(TAG)); old=$$($(TRAFFIC) serving); \
	$(UPDATE) --to-revisions=$$new=100 --update-tags=previous=$$old
	@$(UPDATE) --remove-tags=$(TAG)

withdraw: ## take the traffic and the tag from what is deployed under TAG
	@: $(WHERE); TAG=$(TAG) .cloud/withdraw

rollback: ## go back to the revision that served before; a second time undoes it
	@set -eu; old=$$($(TRAFFIC) revision previous); new=$$(TAG=previous .cloud/traffic serving); \
	[ "$$old" != $(SERVICE)-placeholder ] || { \
		echo 'Cannot roll back: no release came before this one.' >&2; exit 1; }; \
	$(UPDATE) --to-revisions=$$old=100 --update-tags=previous=$$new

logs: ## show the last log lines of the service
	@$(RUN) gcloud run services logs read $(SERVICE) $(WHERE) --limit=$(or $(LIMIT),50)

open: ## bring the closed page to http://localhost:8080 (PORT) for who may call it
	@$(RUN) gcloud run services proxy $(SERVICE) $(WHERE) --port=$(PORT)

evaluate: $(ENGINE) ## judge the current model, or the one at URL, on flights of DATA
	@token=$(if $(URL),$$(.cloud/token $(URL))); PUNTUAL_TOKEN="$$token" \
		$(RUN) env $(TRAINING) evaluate --data '$(FLIGHTS)' $(if $(URL),--url $(URL)) $(ARGS)

# ONNX Runtime 1.12, in which BigQuery runs the graph, has no wheels for a newer Python than 3.10.
PYTHON310 ?= $(firstword $(wildcard $(shell pyenv prefix $$(pyenv latest 3.10) 2>/dev/null)/bin/python) 3.10)

.build/bigquery/ready: tests/bigquery/requirements.txt | .build/uv/ready
	rm -rf .build/bigquery
	$(UV) venv --quiet --no-python-downloads --python $(PYTHON310) .build/bigquery
	$(UV) pip install --quiet --python .build/bigquery/bin/python --require-hashes \
		--only-binary :all: --requirement $<
	touch $@
