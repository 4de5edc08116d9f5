# Jari: everything on one machine. `make` alone lists the targets.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

JARI  := .jari/bin/jari
TOOLS := .jari/bin
# every module of the workspace; the agent is outside it on purpose (DESIGN: OpenTelemetry versions)
MODULES := alerting fluentbit infra internal kibana runbooks services telemetry telemetry/names
# flags for the launcher, e.g. make up FLAGS='--port-offset 1000'
FLAGS ?=

##@ Running
.PHONY: up down clean status logs demo
up: launcher ## install what is missing, build, start everything, fill it, print the addresses
	@$(JARI) up $(FLAGS)
down: launcher ## stop everything
	@$(JARI) down $(FLAGS)
clean: launcher ## stop everything and wipe its data
	@$(JARI) clean $(FLAGS)
status: launcher ## what runs, where, since when
	@$(JARI) status $(FLAGS)
logs: launcher ## follow a part's log: make logs S=reservation
	@$(JARI) logs -f $(FLAGS) $(S)
demo: launcher ## run the demo scenario against the running system (under 3 minutes)
	@$(JARI) demo $(FLAGS)

.PHONY: launcher
launcher:
	@go build -buildvcs=false -o $(JARI) ./infra/local/cmd/jari

##@ Checking
.PHONY: test test-full test-steps tools test-parts check fmt lint workflows rules words fresh runbooks secrets check-web
# Both print a table of their steps and times at the end. The number after run is
# the step's budget in seconds on two cores; a step over its budget is marked, not failed.
test: ## every test but the long campaigns, with real parts started for it, within 40 minutes (this is what CI runs)
	@infra/steps.sh report 2400 $(SUBMAKE) test-steps
test-full: ## the same with the long campaigns and more rounds of the random tests, within 3 hours
	@infra/steps.sh report 10800 $(SUBMAKE) test-steps LONG=yes

SUBMAKE := $(MAKE)
STEP := infra/steps.sh run
LONG ?=
# how long one module's tests may take
TEST_BUDGET_alerting        := 240
TEST_BUDGET_fluentbit       := 150
TEST_BUDGET_infra           := 480
TEST_BUDGET_internal        := 90
TEST_BUDGET_kibana          := 40
TEST_BUDGET_services        := 450
TEST_BUDGET_telemetry       := 150
TEST_BUDGET_telemetry/names := 20
# the Terraform has a step and an emulator of its own
TEST_PACKAGES_infra = $$(go list ./infra/... | grep -v /infra/aws/proof$$)

test-steps:
	@$(STEP) 120 tools $(SUBMAKE) tools
	@$(STEP) 300 check $(SUBMAKE) check
	@$(JARI) with --dir .jari/test --port-offset auto -- $(SUBMAKE) test-parts
ifneq ($(LONG),)
# the system above has no proxies: they would make every request of the other steps take longer
	@$(STEP) 600 "injected faults behind proxies" $(JARI) with --dir .jari/test --port-offset auto --fault-proxies -- \
	  env JARI_TEST_REQUIRED=1 JARI_FAULT_CASES=yes go test -count=1 -timeout 40m -run InjectedFaultsBehindProxies ./infra/local/systemtest
endif
	@$(STEP) 360 "aws, on an emulator" $(SUBMAKE) test-aws

tools: launcher
	@$(JARI) tools

define newline


endef

# inside `jari with`: the system runs, its addresses are in JARI_TEST_*. Nothing is
# taken from Go's test cache: it does not know of the system, nor of files of other modules
test-parts: export JARI_TEST_REQUIRED := 1
test-parts:
	@$(STEP) 180 "demo" $(JARI) demo --dir .jari/test
	@$(STEP) 60 "demo, rush under kill -9" $(JARI) demo --dir .jari/test --only rush --kill
	$(foreach m,$(MODULES),@$(STEP) $(or $(TEST_BUDGET_$(m)),60) "go test $(m)" go test -count=1 $(or $(TEST_PACKAGES_$(m)),./$(m)/...)$(newline))
	@$(STEP) 120 "go test fluentbit/agent" env GOWORK=off go test -C fluentbit/agent -count=1 ./...
	@$(STEP) 240 "web, unit tests" bash -c 'cd web && npm test'
	@$(STEP) 120 "web, end to end" bash -c 'cd web && npm run e2e'
ifeq ($(LONG),)
	@$(STEP) 150 "mutations, short" $(SUBMAKE) mutations FLAGS=-short
	@$(STEP) 90 "chaos-booking, short" $(SUBMAKE) chaos-booking FLAGS='-sellouts 6 -save ""'
	@$(STEP) 240 "chaos-telemetry, short" $(SUBMAKE) chaos-telemetry FLAGS='-records 300 -rate 300 -save ""'
	@$(STEP) 120 "chaos-alerting, short" $(SUBMAKE) chaos-alerting FLAGS='-short -save ""'
	@$(STEP) 120 "bench-rush, short" $(SUBMAKE) bench-rush FLAGS='-only rush,fault -path gateway -runs 1 -diners 2000'
	@$(STEP) 180 "drill, short" $(SUBMAKE) drill FLAGS='-rounds 1 -away 20s'
	@$(STEP) 480 "gameday, six alerts" $(SUBMAKE) gameday FLAGS='-sample 6 -unknown=false -calm 0 -others=false'
else
	@$(STEP) 1200 "alerting, hard cases" env JARI_ONCALL_CASES=yes go test -count=1 -timeout 40m -run OnCall ./infra/local/systemtest
	@$(STEP) 900 "every injected fault" env JARI_FAULT_CASES=yes go test -count=1 -timeout 40m -run InjectedFault ./infra/local/systemtest
	@$(STEP) 1200 "images for arm64" env JARI_TEST_IMAGE_ARCHITECTURE=arm64 go test -count=1 -timeout 30m -run FromItsImage ./infra/images
	@$(STEP) 1800 "mutations" $(SUBMAKE) mutations
	@$(STEP) 900 "chaos-booking" $(SUBMAKE) chaos-booking FLAGS='-save ""'
	@$(STEP) 600 "chaos-telemetry" $(SUBMAKE) chaos-telemetry FLAGS='-save ""'
	@$(STEP) 1200 "chaos-alerting" $(SUBMAKE) chaos-alerting FLAGS='-save ""'
	@$(STEP) 600 "drill" $(SUBMAKE) drill FLAGS='-out .jari/drill'
	@$(STEP) 7200 "gameday" $(SUBMAKE) gameday FLAGS='-out .jari/gameday'
	@$(STEP) 2400 "linearizability, 900 rounds" env JARI_LINEAR_ROUNDS=900 go test -count=1 -timeout 2h ./services/reservation/lineartest
	@$(STEP) 2400 "rapid, 10000 checks" bash -c 'go test -count=1 -timeout 2h $$($(RAPID_PACKAGES)) -rapid.checks=10000'
endif

# the packages whose tests use rapid, since no others know its flags
RAPID_PACKAGES = go list -test -f "{{.ForTest}} {{.Deps}}" ./alerting/... ./services/... | sed -n "s|^\([^ ][^ ]*\) .*pgregory.net/rapid.*|\1|p" | sort -u

check: fmt lint workflows rules words fresh runbooks secrets check-web ## format, vet, staticcheck, workflows, import rules, words, generated files, secrets, web

fmt:
	@out=$$(gofmt -l $(MODULES) fluentbit/agent); [ -z "$$out" ] || { echo "not gofmt'ed, run gofmt -w on:"; echo "$$out"; exit 1; }

lint: $(TOOLS)/staticcheck ## go vet and staticcheck over every module
	@for m in $(MODULES); do (cd $$m && go vet ./... && $(CURDIR)/$(TOOLS)/staticcheck ./...) || { echo "lint failed in $$m"; exit 1; }; done
	@cd fluentbit/agent && export GOWORK=off && go vet ./... && $(CURDIR)/$(TOOLS)/staticcheck ./...

workflows: $(TOOLS)/actionlint ## GitHub's workflows; without shellcheck, which not every machine has
	@$(TOOLS)/actionlint -shellcheck= -pyflakes=
	@! grep -nE 'uses: +[^./ ]+/[^ ]*@' .github/workflows/*.yml | grep -vE '@[0-9a-f]{40} # v[0-9]' || { echo "name an action by its commit, with the version as a comment: others can move a tag"; exit 1; }

rules: ## which package may import which (services/arch_test.go and infra/rules state the reasons); a fault and a game-day entry for each alert
	@cd services && go test -count=1 .
	@cd infra && go test -count=1 -skip DiscouragedWords ./rules
	@cd infra && go test -count=1 -run EveryRuleHas ./local/fault ./bench/gameday

words: ## operators read no discouraged word (infra/rules/discouraged.yaml lists them)
	@cd infra && go test -count=1 -run DiscouragedWords ./rules

fresh: ## generated files are what `make generate` makes
	@infra/fresh.sh

runbooks: ## jarictl runbook lint: rules, pages, steps, queries, links
	@cd alerting && go run ./cmd/jarictl runbook lint ../runbooks && go test -count=1 -run Rule ./runbook

secrets: $(TOOLS)/gitleaks
	@$(TOOLS)/gitleaks dir --no-banner --log-level warn --redact --config .gitleaks.toml . || \
	  { echo "there is a secret in the tree: remove it, or allow a test value in .gitleaks.toml with its reason"; exit 1; }

check-web: web/node_modules/.package-lock.json
	@cd web && npm run --silent check

web/node_modules/.package-lock.json: web/package-lock.json
	cd web && npm ci --no-audit --no-fund

$(TOOLS)/staticcheck $(TOOLS)/gitleaks $(TOOLS)/actionlint: infra/tools/go.sum
	@echo "building $(notdir $@) …"
	@mkdir -p $(TOOLS)
	@cd infra/tools && GOWORK=off go build -o $(CURDIR)/$(TOOLS)/ tool
	@touch $(TOOLS)/staticcheck $(TOOLS)/gitleaks $(TOOLS)/actionlint

.PHONY: fuzz
# -fuzzminimizetime 1x, because the engine's minimising stalls it for minutes at a time
fuzz: ## the decoders of agent chunks, objectives and Slack requests, 30 s per target (longer: FLAGS='-fuzztime 10m')
	@for f in fluentbit/record:FuzzDecode fluentbit/record:FuzzLine fluentbit/record:FuzzOTLPJSON fluentbit/record:FuzzFlatObjectAgreesWithEncodingJSON \
	  alerting/spec:FuzzLoad alerting/slack/inbound:FuzzParse; do \
	  go test ./$${f%:*} -run '^$$' -fuzz "^$${f#*:}\$$" -fuzztime 30s -fuzzminimizetime 1x $(FLAGS) || exit 1; \
	done

##@ Delivering
.PHONY: images push deploy tunnels test-aws
images: ## OCI images of all programs, without Docker, with their SBOMs: .jari/images (some: FLAGS='-platforms linux/arm64 userd')
	@go build -buildvcs=false -o $(TOOLS)/images ./infra/images
	@$(TOOLS)/images $(FLAGS)

push: ## build the images and push them: make push REGISTRY=123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/jari
	@test -n "$(REGISTRY)" || { echo "say where to: make push REGISTRY=…" >&2; exit 2; }
	@go build -buildvcs=false -o $(TOOLS)/images ./infra/images
	@$(TOOLS)/images -push "$(REGISTRY)" $(FLAGS)

deploy: ## migrate, then roll a release out: make deploy ENV=prod-kr RELEASE=release.tfvars.json DROPS=drops.tfvars.json (without them: those of the deployment before)
	@test -n "$(ENV)" || { echo "say where: make deploy ENV=prod-kr RELEASE=release.tfvars.json" >&2; exit 2; }
	@infra/aws/deploy.sh "$(ENV)" "$(RELEASE)" "$(DROPS)"

tunnels: ## the command that forwards a local port to each database on AWS (in a region that terraform init has chosen)
	@terraform -chdir=infra/aws/stacks/region output tunnels

# moto knows AWS's own policies only if it is told to
test-aws: export MOTO_IAM_LOAD_MANAGED_POLICIES := true
test-aws: launcher ## the tests of the Terraform, applied on an emulator started for them (both regions with OpenSearch: FLAGS=-full)
	@$(JARI) with --dir .jari/test-aws --port-offset auto --only aws -- \
	  env JARI_TEST_APPLY=yes go test -count=1 -v -parallel 40 -timeout 60m ./infra/aws/proof -args $(FLAGS)

##@ Measuring
.PHONY: bench bench-booking bench-telemetry bench-alerting bench-rush gameday drill simulate-drop chaos-booking chaos-telemetry chaos-alerting mutations
bench: ## Go benchmarks, three runs each (compare ratios within one run)
	go test -run '^$$' -bench . -benchmem -count 3 $(addsuffix /...,$(addprefix ./,$(MODULES)))

bench-booking: ## booking throughput of five stores: docs/bench/booking.json (a part: FLAGS='-only hot-slot')
	@go build -buildvcs=false -o $(TOOLS)/bench-booking ./infra/bench/booking
	@$(TOOLS)/bench-booking $(FLAGS)

bench-telemetry: ## cost and latency of telemetry: docs/bench/telemetry.json (a part: FLAGS='-only price')
	@go build -buildvcs=false -o $(TOOLS)/bench-telemetry ./infra/bench/telemetry
	@$(TOOLS)/bench-telemetry $(FLAGS)

bench-alerting: ## what a tick of alerting costs, by days of history: docs/bench/alerting.json (a part: FLAGS='-history 1')
	@go build -buildvcs=false -o $(TOOLS)/bench-alerting ./infra/bench/alerting
	@$(TOOLS)/bench-alerting $(FLAGS)

bench-rush: ## what a request costs the whole system: docs/bench/rush.json (a part: FLAGS='-only rush'; before and after: FLAGS='-against COMMIT')
	@go build -buildvcs=false -o $(TOOLS)/bench-rush ./infra/bench/rush
	@$(TOOLS)/bench-rush $(FLAGS)

gameday: ## prove every alert by a fault: docs/bench/gameday.json (a part: FLAGS='-only booking-latency', or '-sample 6')
	@go build -buildvcs=false -o $(TOOLS)/gameday ./infra/bench/gameday
	@$(TOOLS)/gameday $(FLAGS)

drill: tools ## take region kr away and let it come back, three times: docs/bench/drill.json (shorter: FLAGS='-rounds 1 -away 20s')
	@go build -buildvcs=false -o $(TOOLS)/drill ./infra/bench/drill
	@$(TOOLS)/drill $(FLAGS)

simulate-drop: ## what a diner waits when a drop opens, with and without scaling ahead: docs/bench/drop.json (a model: its assumptions are flags)
	@go build -buildvcs=false -o $(TOOLS)/simulate-drop ./infra/bench/drop
	@$(TOOLS)/simulate-drop $(FLAGS)

mutations: ## mistakes in alerting, and the test that notices each; in a running system (some: FLAGS='-short')
	@go build -buildvcs=false -o $(TOOLS)/mutations ./infra/mutations
	@$(TOOLS)/mutations $(FLAGS)

chaos-booking: ## fault injection: a hundred sell-outs under kill -9: docs/bench/chaos-booking.json (fewer: FLAGS='-sellouts 10 -save ""')
	@go build -buildvcs=false -o $(TOOLS)/chaos-booking ./infra/bench/chaosbooking
	@$(TOOLS)/chaos-booking -save docs/bench $(FLAGS)

chaos-telemetry: ## fault injection: numbered records under every fault: docs/bench/chaos-telemetry.json (some: FLAGS='-only 503,413 -save ""')
	@go build -buildvcs=false -o $(TOOLS)/chaos-telemetry ./infra/bench/chaostelemetry
	@$(TOOLS)/chaos-telemetry -save docs/bench $(FLAGS)

chaos-alerting: ## fault injection: alertingd killed and stopped, Slack failing: docs/bench/chaos-alerting.json (some: FLAGS='-only inbound -save ""')
	@go build -buildvcs=false -o $(TOOLS)/chaos-alerting ./infra/bench/chaosalerting
	@$(TOOLS)/chaos-alerting -save docs/bench $(FLAGS)

##@ Making
.PHONY: generate hooks help
generate: web/node_modules/.package-lock.json ## rewrite every generated file
	@cd telemetry && go generate ./...
	@cd fluentbit && go generate ./...
	@cd alerting && go generate ./...
	@cd kibana && go generate ./...
	@cd web && npm run --silent generate

hooks: ## let git run the fast half of the checks before each commit
	git config core.hooksPath .githooks

help: ## this list
	@awk 'BEGIN {FS = ":.*## "; print "Jari — usage: make <target>"} \
	  /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z-]+:.*## / {printf "  %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
