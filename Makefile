# Everything that Tallylog needs to be built, tried, tested and installed.
# A fresh Debian machine with Swift 6.3 needs nothing else: `packages` installs what is missing.

PREFIX ?= /usr/local
SWIFT ?= swift

# Tests are built optimized, several times as fast, and with the checks of a debug build all the
# same; in a folder of their own, since the command that is installed is built without these.
CHECKED = --scratch-path .build/checked -c release -Xswiftc -enable-testing \
	-Xswiftc -assert-config -Xswiftc Debug
CHECKED_BUILD = .build/checked/release

LIBRARIES = liblmdb-dev libzmq3-dev libzstd-dev libsimdjson-dev libyaml-dev libssl-dev pkg-config
TEST_TOOLS = redis-tools jq python3 python3-redis python3-hiredis python3-zmq python3-cryptography \
	python3-lmdb python3-zstandard netcat-openbsd nodejs node-redis strace

# The engines that Tallylog is compared with, and what their programs are built with.
PEERS = gcc libc6-dev python3-venv libsqlite3-dev redis-server libhiredis-dev postgresql libpq-dev

# `make fuzz SECONDS=n`, or SECONDS_EACH=n: how long each target runs. `make soak MINUTES=n`.
SECONDS_EACH ?= 60
MINUTES ?= 30
MESSAGES ?= 1000000

.PHONY: build demo checked test torture bench bench-check compare fuzz soak faults sanitize \
	coverage lint format install packages test-packages clean

build: packages
	$(SWIFT) build -c release --product tallylog

demo: build test-packages
	bash Benchmarks/demo.sh

checked: test-packages
	$(SWIFT) build --build-tests $(CHECKED)

test: checked
	bash scripts/test.sh $(CHECKED_BUILD)

torture: checked
	bash scripts/torture.sh $(CHECKED_BUILD) $(MINUTES)

bench: build test-packages
	@bash scripts/install-packages.sh gcc libc6-dev python3-venv redis-server
	bash Benchmarks/run.sh $(MESSAGES)

compare: packages
	@bash scripts/install-packages.sh $(PEERS) $(TEST_TOOLS)
	bash Benchmarks/compare/run.sh $(MESSAGES) $(ENGINES)

bench-check: packages
	@bash scripts/install-packages.sh valgrind binutils python3
	bash Benchmarks/Instructions/run.sh

fuzz: packages
	bash Fuzz/run.sh $(or $(SECONDS),$(SECONDS_EACH))

# The bus, clients, rules, kills, backfill and retention together, then a recount.
soak: build test-packages
	TALLYLOG_SOAK_SECONDS=$$(( $(MINUTES) * 60 )) /usr/bin/python3 -B \
		Tests/EndToEndTests/python/soak.py .build/release/tallylog

# Deliberate mistakes, one after the other: do the tests see them? `make faults ONLY=name`.
faults: test-packages
	@bash scripts/install-packages.sh git python3
	/usr/bin/python3 -B Tests/PlantedFaults/plant.py $(ONLY)

# Data races and leaks.
sanitize: test-packages
	@bash scripts/install-packages.sh gcc libc6-dev liblsan0
	bash scripts/sanitize.sh

coverage: packages
	bash scripts/coverage.sh

lint:
	$(SWIFT) format lint --strict --recursive --parallel Sources Tests Benchmarks Fuzz/Targets \
		Fuzz/Runner Package.swift

format:
	$(SWIFT) format --in-place --recursive --parallel Sources Tests Benchmarks Fuzz/Targets \
		Fuzz/Runner Package.swift

install: build
	@bash scripts/install-packages.sh python3
	bash scripts/install.sh .build/release/tallylog $(DESTDIR)$(PREFIX)

packages:
	@bash scripts/install-packages.sh $(LIBRARIES)

test-packages: packages
	@bash scripts/install-packages.sh $(TEST_TOOLS)

clean:
	$(SWIFT) package clean
