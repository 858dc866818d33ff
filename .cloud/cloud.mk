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
# than one, as a body is at most 4 MiB and a batch never scores more than 552 rows. More CPU would
# idle; a higher concurrency would only queue longer before another instance starts.
CPU ?= 1
MEMORY ?= 512Mi
CONCURRENCY ?= 80
MIN_INSTANCES ?= 0
MAX_INSTANCES ?= 4

export SERVICE REGION PROJECT DRY_RUN CALLER TOKEN_FILE

RUN := .cloud/run
TRAFFIC = TAG=$(TAG) .cloud/traffic
STATE := .build/$(if $(DRY_RUN),dry-run,release)
WHERE = --region=$(REGION) --project=$(or $(PROJECT),$(error Say in which project: PROJECT=...))
UPDATE = $(RUN) gcloud run services update-traffic $(SERVICE) $(WHERE)
ACCOUNT = $(1)@$(PROJECT).iam.gserviceaccount.com

.PHONY: bootstrap serving gate deploy smoke canary promote withdraw rollback logs

bootstrap: ## prepare PROJECT; with REPO=owner/name, its triggers too
	@PUBLIC=$(PUBLIC) REPO=$(REPO) PROJECT=$(or $(PROJECT),$(error Say which: PROJECT=...)) \
		.cloud/bootstrap

serving: ## ask the serving revision for its model
	@: $(WHERE); .cloud/serving $(STATE)

gate: .venv/ready ## refuse a model that is worse than the serving one
	@$(RUN) $(BIN)/python -m training gate --serving $(STATE)/serving.json --margin $(MARGIN) \
		$(if $(filter true,$(ALLOW_WORSE)),--allow-worse)

deploy: package ## deploy the package without traffic, under TAG
	@$(RUN) gcloud run deploy $(SERVICE) $(WHERE) --source=.build/function \
		--function=predict --base-image=python313 --no-traffic --tag=$(TAG) \
		--cpu=$(CPU) --memory=$(MEMORY) --concurrency=$(CONCURRENCY) --cpu-boost \
		--min=$(MIN_INSTANCES) --max-instances=$(MAX_INSTANCES) \
		--service-account=$(call ACCOUNT,$(SERVICE)) \
		--build-service-account=projects/$(PROJECT)/serviceAccounts/$(call ACCOUNT,$(SERVICE)-build) \
		--set-env-vars=FUNCTION_USE_ASGI=1,ORT_DISABLE_TELEMETRY=1 \
		--set-build-env-vars=GOOGLE_PYTHON_PACKAGE_MANAGER=uv,SOURCE_DATE_EPOCH=1 \
		--$(if $(filter true,$(PUBLIC)),,no-)allow-unauthenticated --quiet
	@mkdir -p $(STATE)
	@url=$$($(TRAFFIC) url $(TAG)) && echo $$url | tee $(STATE)/url

smoke: .venv/ready ## test the function that is deployed at URL
	@test -n "$(URL)" || { echo 'Say where: URL=...'; exit 1; }
	@PUNTUAL_URL=$(URL) PUNTUAL_TOKEN="$$(.cloud/token $(URL))" $(RUN) $(BIN)/pytest tests/deployed

canary: ## give what is deployed under TAG a share of CANARY percent
	@$(UPDATE) --to-tags=$(TAG)=$(CANARY)

promote: ## give what is deployed under TAG all traffic
	@set -eu; new=$$($(TRAFFIC) revision $(TAG)); old=$$($(TRAFFIC) serving); \
	$(UPDATE) --to-revisions=$$new=100 --update-tags=previous=$$old
	@$(UPDATE) --remove-tags=$(TAG)

withdraw: ## take the traffic and the tag from what is deployed under TAG
	@set -eu; old=$$($(TRAFFIC) serving); $(UPDATE) --to-revisions=$$old=100 --remove-tags=$(TAG)

rollback: ## go back to the revision that served before; twice is back again
	@set -eu; old=$$($(TRAFFIC) revision previous); new=$$(TAG=previous .cloud/traffic serving); \
	$(UPDATE) --to-revisions=$$old=100 --update-tags=previous=$$new

logs: ## show the last log lines of the service
	@$(RUN) gcloud run services logs read $(SERVICE) $(WHERE) --limit=$(or $(LIMIT),50)
