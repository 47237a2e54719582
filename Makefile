# make check is the whole test: what a contributor runs before a change is proposed, and what .ci/run runs.

GOLANGCI_LINT := bin/golangci-lint-2.15.0
PLATFORMS     := linux/amd64 linux/arm64 darwin/arm64 windows/amd64

.NOTPARALLEL:
.PHONY: check install format lint vet cross clone test quick bench demo

check: install format lint vet cross clone test
	@echo "make check: everything passed."

# What the checks need and the machine lacks. Does nothing on the second run.
install:
	@test/install.sh "$(GOLANGCI_LINT)"

format:
	@echo "== gofmt"
	@unformatted="$$(gofmt -l $$(git ls-files --cached --others --exclude-standard '*.go'))"; \
	if [ -n "$$unformatted" ]; then echo "These files want gofmt -w:"; echo "$$unformatted"; exit 1; fi

lint:
	@echo "== golangci-lint"
	@$(GOLANGCI_LINT) run --allow-parallel-runners ./...

vet:
	@echo "== go vet"
	@go vet ./...

# The product is one file without cgo on every platform.
cross:
	@for platform in $(PLATFORMS); do \
		echo "== go build $$platform"; \
		CGO_ENABLED=0 GOOS=$${platform%/*} GOARCH=$${platform#*/} go build -o /dev/null ./cmd/cairn || exit 1; \
	done

clone:
	@echo "== a fresh clone"
	@test/clone.sh

# Every test under the race detector, on SQLite and on a PostgreSQL started for it, browser journeys and real mail included; what is
# missing for a test fails it. SQLite, which is C made Go, runs without the detector: it takes five times as long with it, and the
# detector is for what we write. A program need not linger for a second when it ends, which is the detector's habit: the tests run
# hundreds. The longest packages start first, so that none is left alone at the end.
test:
	@echo "== go test -race"
	@CAIRN_TEST_ALL=1 GORACE=atexit_sleep_ms=10 test/browser.sh test/postgres.sh go test -race -gcflags='modernc.org/...=-race=false' -timeout 25m \
		./internal/web ./cmd/cairn ./internal/api ./internal/release ./...

# The inner loop: no race detector, no PostgreSQL, no browser to install.
quick:
	@go test ./...

# Speed, measured and compared; writes bench/RESULTS.md. QUICK=1 takes small sizes; ONLY=doors measures one part anew.
bench:
	@CAIRN_POSTGRES_OPTIONS='-c shared_buffers=1GB -c work_mem=1GB -c autovacuum=off -c fsync=on -c synchronous_commit=on -c full_page_writes=on' \
		test/postgres.sh go run -C bench . $(if $(QUICK),-quick) $(if $(ONLY),-only $(ONLY)) -out RESULTS.md

demo:
	@go run ./cmd/cairn demo
