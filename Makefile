# The two commands a newcomer needs: make demo, make test.

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT  ?= $(shell git rev-parse --short HEAD 2>/dev/null || echo none)
BUILT   ?= $(shell date -u +%Y-%m-%dT%H:%M:%SZ)
LDFLAGS  = -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT) -X main.built=$(BUILT)
DEMO    ?= .demo

# First of the ports that `make demo PORT=4400` uses; free ones without PORT.
PORT    ?=

# What `make bench ONLY=webhooks,start` runs; all benchmarks without ONLY.
ONLY    ?=

.PHONY: help demo test build setup bench screens crash fuzz fmt check golden clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | column -t -s "$$(printf '\t')"

demo: build ## start the hub with a whole simulated town around it
	@mkdir -p $(DEMO)
	@exec ./bin/targo-sim up --hub --env $(DEMO)/env $(if $(PORT),--port-base $(PORT))

# SQLite is C turned into Go: watched by the race detector it is many times
# slower, and a connection is used by one goroutine at a time. That one package
# is left unwatched (not those around it: they use generics of the standard
# library, whose copies must stay watched), and its pointers, which are C's, are
# not checked.
UNWATCHED = -gcflags='modernc.org/sqlite/lib=-race=false -d=checkptr=0' \
	-gcflags='modernc.org/libc=-d=checkptr=0' -gcflags='modernc.org/memory=-d=checkptr=0'

test: setup ## install what the tests need, then run all of them
	CGO_ENABLED=1 go test -race $(UNWATCHED) -shuffle=on -count=1 -v ./... 2>&1 | .ci/digest

build: ## static binaries in bin/
	@echo "building (the first time takes a few minutes)…"
	@CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/targo-hub ./cmd/targo-sim

setup:
	@.ci/setup

bench: ## ratios against peers, in one run: make bench ONLY=webhooks,start
	@.ci/setup node
	@.ci/bench '$(ONLY)'

# What a technician and a customer see on a telephone, page by page, light and
# dark, French and English.
screens: setup ## pictures of every page in screens/, as a telephone shows them
	@rm -rf screens && mkdir screens
	@PICTURES=$(CURDIR)/screens go test ./cmd/targo-hub -run 'Phone|Pages' -count=1
	@ls screens

# How long each fuzz target runs.
FUZZ    ?= 30s

crash: build ## kill -9 at every point, three hundred times, on both engines
	@go test ./cmd/targo-hub -run 'Killed|TwoHubs|Restored|RunsOut' -kills 300 -count=1 -v -timeout 30m 2>&1 | .ci/digest

fuzz: ## half a minute of each fuzz target: make fuzz FUZZ=5m
	@.ci/fuzz $(FUZZ)

fmt: ## format
	@gofmt -w $$(git ls-files '*.go')

golden: ## rewrite the golden files; review them with git diff
	@go test ./cmd/targo-hub -run Golden -update

check: ## what every change must pass
	@.ci/run

clean:
	@rm -rf bin .demo
