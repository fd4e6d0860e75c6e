# `make help` lists the tasks. `make test` is what CI runs.

SHELL       := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# Linters and scanners live in a module of their own, so that nothing of theirs is
# a dependency of the program.
BIN      := .bin
LINT     := $(BIN)/golangci-lint
VULN     := $(BIN)/govulncheck
FUZZTIME ?= 20s

.PHONY: help
help: ## list the tasks
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## install what the tests need and this machine lacks
	@scripts/setup.sh

.PHONY: build
build: ## build bin/drawdown
	CGO_ENABLED=0 go build -trimpath -o bin/drawdown ./cmd/drawdown

.PHONY: generate
generate: ## write again what is generated: GraphQL code, docs/api, the explorer's examples, the clients
	@scripts/generate.sh

.PHONY: compatible
compatible: ## name what the schema would break of queries for the released one
	go test -count=1 -run TestSchemaBreaksNoQuery ./internal/apidocs

.PHONY: baseline
baseline: ## with a release: make today's schema the released one
	cp schema.graphqls docs/api/released/schema.graphqls

.PHONY: fmt
fmt: $(LINT) ## format the code
	$(LINT) fmt

.PHONY: vet
vet: ## go vet
	go vet ./...

.PHONY: lint
lint: $(LINT) ## run the linters of .golangci.yml
	$(LINT) run ./...
	cd examples/go && "$(CURDIR)/$(LINT)" run ./...

.PHONY: vuln
vuln: $(VULN) ## look for known vulnerabilities in what is called
	@scripts/vuln.sh $(VULN)

.PHONY: check
check: ## formatting, tidy modules, fresh generated code
	@scripts/check.sh

.PHONY: test-unit
test-unit: ## all tests without the race detector, properties in full
	go test -timeout 15m ./...

# Rooms in which nothing runs at the same time, and the one that only measures the others: the
# race detector has nothing of its own to look at there.
ALONE := /(revrec/estimate|internal/bench|internal/scenario|internal/tidy)$$

# SQLite is C that a program made Go of, in memory of its own: the detector finds nothing in it, and
# would make it ten times as slow. No other package may be named: what it shares with ours, such as
# an instance of a generic type, would be without the detector too.
AS_IS := modernc.org/sqlite/lib=-race=false

.PHONY: test-race
test-race: ## the tests of what runs at the same time with the race detector, properties in short
	go test -race -gcflags='$(AS_IS)' -short -timeout 15m $$(go list ./... | grep -Ev '$(ALONE)')

.PHONY: test
test: ## the whole suite: checks, linters, vulnerabilities, all tests
	@scripts/test.sh

.PHONY: fuzz
fuzz: ## fuzz each parser for FUZZTIME (20s)
	@scripts/fuzz.sh $(FUZZTIME)

.PHONY: fuzz-short
fuzz-short: ## fuzz each parser for three seconds, as make test does
	@scripts/fuzz.sh 3s fresh

.PHONY: cover
cover: ## test coverage by function, and coverage.html
	go test -short -coverpkg=./... -coverprofile=coverage.out ./...
	go tool cover -html=coverage.out -o coverage.html
	go tool cover -func=coverage.out | tail -n 1

.PHONY: clean
clean: ## remove what make built
	rm -rf $(BIN) bin coverage.out coverage.html

# One recipe for both: `go install tool` builds what tools/go.mod names.
$(LINT) $(VULN) &: tools/go.mod tools/go.sum
	cd tools && GOBIN="$(CURDIR)/$(BIN)" GOFLAGS=-mod=readonly go install tool
	@touch $(LINT) $(VULN)
