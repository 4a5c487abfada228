# Viva Voce. `make run` and `make test` do their own set-up and are quick the second time.
SHELL := /bin/bash -euo pipefail -c
.DEFAULT_GOAL := help
export CGO_ENABLED := 1
export GOFLAGS := -buildvcs=false

LISTEN ?= 127.0.0.1:8080
COUNT ?= 6
# A count: with a duration, Go before 1.27 may end a good run with "context deadline exceeded" (go.dev/issue/75804).
FUZZTIME ?= 20000x
FUZZ ?= ./...
GOFILES = $(shell git ls-files --cached --others --exclude-standard '*.go' 2>/dev/null)

.PHONY: help run test build models demo eval bench fuzz lint screenshots clean packages testpackages
help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

run: build models ## build all, serve the page on http://localhost:8080
	@bin/vivavoce serve --open --listen $(LISTEN) --data .cache/data

test: testpackages build models web/node_modules/.package-lock.json ## set up and run every test, the browser's too
	go vet ./...
	go test -p 1 -timeout 20m ./...
	go test -p 1 -timeout 10m -tags matprofile -run TestNoMatIsLeft ./pipeline/internal/cv
	cd web && npm test --silent
	.ci/browser

build: packages ## bin/vivavoce
	@go build -o bin/vivavoce ./cmd/vivavoce

models: build models/node_modules/.package-lock.json ## fetch, check and convert the models into models/files
	@bin/vivavoce models

demo: build models ## one whole session by itself, live in the terminal
	@bin/vivavoce demo

# Bona fide video: grid/SUBJECT/*.mp4 and head/SUBJECT.mp4; not part of the project.
DATA = $(or $(VIVAVOCE_DATA),$(firstword $(wildcard shared/data ../shared/data)),none)
eval: build models ## people of $VIVAVOCE_DATA and attacks simulated from them through the judge; .cache/eval/report-POLICY.html
	@test -d "$(DATA)" || { echo "eval: skipped, no recordings: name a folder of them in VIVAVOCE_DATA"; exit 0; }; \
	mkdir -p .cache/eval; \
	bin/vivavoce eval attacks "$(DATA)" $(ATTACKS) > .cache/eval/manifest.jsonl; \
	rm -f .cache/eval/scores.jsonl; \
	for p in default strict relaxed; do \
	  bin/vivavoce eval pad .cache/eval/manifest.jsonl --policy $$p --scores .cache/eval/scores.jsonl --report .cache/eval/report-$$p.html $(PAD) | tee .cache/eval/figures-$$p.txt; \
	done

bench: build models ## Go benchmarks of every hop, COUNT runs each, summed up by benchstat
	@mkdir -p .cache
	go test -run '^$$' -bench . -benchmem -count $(COUNT) ./... | tee .cache/bench.txt
	go tool benchstat .cache/bench.txt

fuzz: build models ## every fuzz target of the packages FUZZ for FUZZTIME
	@mkdir -p .cache; cache=$$(go env GOCACHE)/fuzz; \
	go list -f '{{.ImportPath}} {{.Dir}}' $(FUZZ) | while read -r p dir; do \
	  targets=$$(grep -hos '^func Fuzz[A-Za-z0-9_]*' "$$dir"/*_test.go | cut -c6-) || continue; \
	  go test -c -fuzz . -o .cache/fuzz.test $$p; \
	  for f in $$targets; do echo "$$p $$f"; \
	    (cd "$$dir"; "$(CURDIR)/.cache/fuzz.test" -test.run '^$$' -test.fuzz "^$$f$$" -test.fuzztime $(FUZZTIME) -test.fuzzminimizetime 100x -test.fuzzcachedir "$$cache/$$p"); \
	  done; done

lint: packages web/node_modules/.package-lock.json ## gofmt, vet, staticcheck, tsc, the API documents
	@test -z "$$(gofmt -l $(GOFILES))" || { echo "gofmt these:"; gofmt -l $(GOFILES); exit 1; }
	go vet ./...
	go tool staticcheck ./...
	cd web && npm run --silent lint

screenshots: testpackages web/node_modules/.package-lock.json ## remake web/docs/*.png from the page itself
	cd web && npm run --silent screenshots

clean: ## remove what was built and fetched
	rm -rf bin .cache models/files models/node_modules web/node_modules

packages:
	@.ci/packages run
testpackages:
	@.ci/packages test

%/node_modules/.package-lock.json: %/package-lock.json
	@echo "npm ci in $*"
	@cd $* && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
