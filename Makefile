# The one door before a commit is `make check`; `make help` lists the rest.
#
# All targets build with VESP_STRICT, so that debug and release are built once each and a warning is an error. A file
# with a warning then never becomes up to date: it fails the next build too, whatever was built before.
export VESP_STRICT := 1
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
# SwiftPM uses all cores by itself, and two builds in one scratch path wait for each other.
.NOTPARALLEL:

FORMATTED := Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources/EngineBenchmark \
	Fuzz/Package.swift Fuzz/Sources/EngineFuzzer
FUZZ_SECONDS ?= 60
RELEASE_VESP := .build/release/vesp
DEBUG_VESP := .build/debug/vesp
EMBEDDED := swift build --triple riscv32-none-none-eabi -c release -Xswiftc -enable-experimental-feature \
	-Xswiftc Embedded -Xswiftc -wmo --scratch-path .build-embedded

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z][a-z0-9-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 12

.PHONY: check
check: lint lint-c embedded release test check-docs ## what must pass before every commit

.PHONY: lint
lint: ## the format of all Swift files
	swift format lint --strict --recursive $(FORMATTED)

# treatAllWarnings reaches the Swift targets alone.
.PHONY: lint-c
lint-c: ## warnings of the C target
	clang -std=gnu17 -Wall -Wextra -Werror -fsyntax-only -ISources/CPosix/include Sources/CPosix/*.c

# Only a full compile finds what Embedded Swift refuses.
.PHONY: embedded
embedded: ## ATEngine and ATAir as Embedded Swift
	.ci/no-warnings $(EMBEDDED) --target ATEngine
	.ci/no-warnings $(EMBEDDED) --target ATAir

.PHONY: debug
debug: ## the debug build with the tests
	.ci/no-warnings swift build --build-tests

.PHONY: release
release: ## the release build
	.ci/no-warnings swift build -c release

.PHONY: test
test: debug ## the Swift tests and, in them, the transcripts
	swift test --skip-build --disable-xctest --xunit-output .build/tests.xml

.PHONY: transcripts
transcripts: release ## the transcripts by `vesp play`
	$(RELEASE_VESP) play $$(find Transcripts -name '*.txt' | sort)

.PHONY: check-docs
check-docs: debug
	@diff -u Documentation/Commands.md <($(DEBUG_VESP) commands --format markdown) \
		|| { echo "Documentation/Commands.md is not what the command table says: make docs" >&2; exit 1; }
	@diff -u Documentation/lab.schema.json <($(DEBUG_VESP) lab schema) \
		|| { echo "Documentation/lab.schema.json is not what the lab's keys say: make docs" >&2; exit 1; }

.PHONY: docs
docs: debug ## make Documentation/Commands.md and lab.schema.json from the code
	mkdir -p Documentation
	$(DEBUG_VESP) commands --format markdown > Documentation/Commands.md
	$(DEBUG_VESP) lab schema > Documentation/lab.schema.json

.PHONY: e2e
e2e: release ## the built vesp, real ports and sockets, drivers that nobody here wrote
	VESP=$(CURDIR)/$(RELEASE_VESP) Tests/EndToEnd/run

.PHONY: bench
bench: bench-engine bench-round-trip ## what the engine costs, against thresholds, and the round trip of AT

.PHONY: bench-engine
bench-engine:
	Benchmarks/run engine

.PHONY: bench-round-trip
bench-round-trip: release
	Benchmarks/run round-trip $(RELEASE_VESP)

.PHONY: fuzz
fuzz: ## the engine under libFuzzer for FUZZ_SECONDS (60)
	Fuzz/run $(FUZZ_SECONDS)

.PHONY: record
record: debug ## write what the engine says into the transcripts; read the difference before a commit
	RECORD_TRANSCRIPTS=1 swift test --skip-build --disable-xctest --filter TranscriptSuite

.PHONY: format
format: ## format all Swift files
	swift format --in-place --recursive $(FORMATTED)

.PHONY: clean
clean: ## remove all that was built
	rm -rf .build .build-* Benchmarks/.build Fuzz/.build Tests/EndToEnd/.venv
