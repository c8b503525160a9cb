# Needs Go and Node; `make test` and `make demo` bring the rest (PostgreSQL, Chromium) when it is not on the machine.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
BINARY := bin/payload-tracker
LDFLAGS := -s -w -X main.version=$(VERSION)
LINT := go tool -modfile=tools/go.mod golangci-lint
NPM := npm --prefix web
NPM_CI := ci --no-fund --no-audit --loglevel=error

# The race detector needs a C compiler; without one the same tests run without it.
RACE := $(shell if [ "$$(go env CGO_ENABLED)" = 1 ] && command -v "$$(go env CC)" >/dev/null 2>&1; then echo -race; fi)
# `make check` vets, and nobody debugs a test's program: both spare time.
TEST_FLAGS := -vet=off -ldflags=-w

# What the page is built from: it is built again only when one of these is newer.
WEB_SOURCES := $(shell find web schema.graphqls -type f -not -path '*/node_modules/*' -not -path 'web/dist/*' -not -path 'web/screenshots/*' -not -name '*.go' 2>/dev/null)

.PHONY: help
help: ## Say what there is to make
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9\/-]+:.*## / {printf "  \033[1m%-16s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Run

.PHONY: demo
demo: build ## Run the whole product here: PostgreSQL, Kafka, sample traffic, the page (DEMO_ARGS="--fresh --port 9000")
	@exec $(BINARY) demo $(DEMO_ARGS)

.PHONY: build
build: web/dist/index.html ## Build bin/payload-tracker, the page inside
	go build -trimpath -ldflags "$(LDFLAGS)" -o $(BINARY) ./cmd/payload-tracker

.PHONY: web
web: web/dist/index.html ## Build the page into web/dist

web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	$(NPM) $(NPM_CI)
	@touch $@

web/dist/index.html: web/node_modules/.package-lock.json $(WEB_SOURCES)
	$(NPM) run build
	@touch $@

tools/node_modules/.package-lock.json: tools/package.json tools/package-lock.json
	npm --prefix tools $(NPM_CI)
	@touch $@

##@ Test

.PHONY: test
test: test-go test-web test-e2e ## Run all tests: Go, the page's, one in a browser

.PHONY: test-go
test-go: web/dist/index.html ## Run the Go tests, with the race detector where a C compiler is there
	go test $(RACE) $(TEST_FLAGS) -timeout 20m ./...
	go -C deploy test $(TEST_FLAGS) ./...

.PHONY: test-postgres
test-postgres: test-postgres-15 test-postgres-18 ## Run the store's tests on the oldest PostgreSQL and the newest, whatever is on the machine

.PHONY: test-postgres-15 test-postgres-18
test-postgres-15 test-postgres-18: test-postgres-%:
	PG_VERSION_WANTED=$* go test $(RACE) $(TEST_FLAGS) -timeout 20m ./store

.PHONY: test-web
test-web: web/node_modules/.package-lock.json ## Run the page's unit tests
	$(NPM) run test

.PHONY: test-e2e
test-e2e: build tools/node_modules/.package-lock.json ## Ask a running demo the GraphQL-over-HTTP audits, follow it live, and open its pages in Chromium
	scripts/e2e.sh

.PHONY: test-rest-fuzz
test-rest-fuzz: build ## Ask the REST routes whatever their OpenAPI document allows (needs Python)
	scripts/rest-fuzz.sh

.PHONY: test-image
test-image: ## Make the image by the steps of the Dockerfile, without an engine, and run the product from it (some minutes; running needs root)
	scripts/image.sh

.PHONY: test-kafka
test-kafka: web/dist/index.html ## Prove exactly-once on a real Apache Kafka, with kill -9 (needs a JDK and Maven; two minutes)
	scripts/test-kafka.sh

# The version before this one: the last release; until there is one, a commit whose schema lacks some of this one's steps.
FORMER_VERSION ?= $(shell git describe --tags --abbrev=0 HEAD^ 2>/dev/null || echo 3b617214e365)

.PHONY: test-upgrade
test-upgrade: web/dist/index.html ## Prove that the version before works beside this one on its schema (builds that version)
	FORMER_VERSION=$(FORMER_VERSION) go test -tags upgrade -count=1 -timeout 10m -run '^TestTwoVersionsWorkOnOneSchema$$' ./cmd/payload-tracker

##@ Check

.PHONY: check
check: check-go check-generated check-schema check-migrations check-web check-rules check-weaknesses ## Run every check that is no test

.PHONY: check-go
check-go: web/dist/index.html
	go vet ./...
	$(LINT) run ./...
	go -C deploy vet ./...
	cd deploy && go tool -modfile=../tools/go.mod golangci-lint run ./...

.PHONY: check-generated
check-generated: web/node_modules/.package-lock.json tools/node_modules/.package-lock.json
	@scripts/generated-fresh.sh

.PHONY: check-schema
check-schema: tools/node_modules/.package-lock.json
	@scripts/schema.sh

.PHONY: check-migrations
check-migrations: tools/node_modules/.package-lock.json ## Look for statements that would lock readers or writers out
	tools/node_modules/.bin/squawk migrations/*.up.sql

.PHONY: check-weaknesses
check-weaknesses: web/dist/index.html ## Ask for known weaknesses in what we build on (govulncheck, npm audit)
	@scripts/weaknesses.sh

.PHONY: check-web
check-web: web/node_modules/.package-lock.json
	$(NPM) run typecheck
	$(NPM) run lint

.PHONY: check-rules
check-rules: ## Check the alerts, their tests and the dashboards' expressions (promtool)
	@scripts/check-rules.sh

.PHONY: format
format: ## Format the Go code (gofumpt)
	$(LINT) fmt ./...

##@ More

.PHONY: generate
generate: web/node_modules/.package-lock.json tools/node_modules/.package-lock.json ## Write the generated code and the API's reference page again, from schema.graphqls and gqlgen.yml
	go generate ./...
	$(NPM) run codegen
	node tools/reference.mjs

.PHONY: jaeger
jaeger: build ## Show payloads as traces in Jaeger: builds it, runs it beside the demo, and asks it (some minutes)
	scripts/jaeger.sh

.PHONY: released-schema
released-schema: ## Take schema.graphqls as that of the release, which later ones must not break
	cp schema.graphqls docs/schema/released.graphqls

.PHONY: bench
bench: build ## Measure: taking in from a real Apache Kafka, and one payload's answers (needs a JDK and Maven; some minutes)
	bench/run.sh
	go run ./bench/rest

.PHONY: bench-data
bench-data: ## Build ten million events of realistic journeys for bench-lists, or bring them up to now (BENCH_DATA_DIR; 3 GB, some minutes)
	go run ./bench/data

.PHONY: bench-lists
bench-lists: build ## Measure the contract's questions over HTTP on the events of bench-data, while 2,000 a second come in (some minutes)
	go run ./bench/lists

.PHONY: bench-numbers
bench-numbers: build ## Measure the questions over many payloads on the events of bench-data, then with the numbers of ten times as many (ten minutes)
	go run ./bench/numbers -check

.PHONY: bench-live
bench-live: build ## Measure how soon an event reaches 500 who follow its payload, at 2,000 events/s (a minute)
	go run ./bench/live -most 400ms -memory 256

.PHONY: clean
clean: ## Remove what was built and the demo's data
	rm -rf bin web/node_modules tools/node_modules .demo
	find web/dist -mindepth 1 ! -name .keep -delete
