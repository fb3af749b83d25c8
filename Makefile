# Strowger. Two commands matter: `make run` and `make test`.

CARGO ?= cargo
DATA ?= data/demo

.PHONY: run test bench console setup setup-test fmt check unit blackbox sim

## Build everything, start the demo site on loopback and print what to open.
run: setup console
	$(CARGO) build --release --bin strowger
	./target/release/strowger serve --demo --data $(DATA)

## Install what is missing and run every test.
test: setup setup-test console-check check unit blackbox

## Benchmarks: ratios against a raw relay loop measured in the same run.
bench: setup console
	$(CARGO) build --release --bin strowger
	./target/release/strowger bench

## What building needs: a C compiler, Node with npm.
setup:
	scripts/setup build

## What the tests need besides: phones, load tools, databases, a browser.
setup-test:
	scripts/setup test

console: setup
	scripts/console build

.PHONY: console-check
console-check: console
	scripts/console check

## Format, lints, crate arrows, licences.
check:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --profile ci -- -D warnings
	$(CARGO) xtask tidy
	scripts/deny

## Unit, property and simulation tests of all crates.
unit:
	$(CARGO) test --workspace --exclude blackbox --profile ci

## The real binary against real phones, databases and a browser.
blackbox:
	tests/run
	scripts/console e2e
