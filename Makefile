# Two commands: `make run` (a node with a sample hospital) and `make test`. Everything else is for people who work on it.
SHELL := /bin/bash
ENV := source .ci/env &&
BIN = $${CARGO_TARGET_DIR}/release/salamander
DATA ?= $(HOME)/.local/share/salamander
PATIENTS ?= 25
SEED ?= 1

.PHONY: run cluster test bench chaos sim build setup fmt clippy fresh clean-data

## Builds, starts a node, loads a generated sample hospital on the first run, prints addresses and things to try.
run: build
	@$(ENV) .ci/sample "$(BIN)" "$(DATA)" $(PATIENTS) $(SEED)

## Three nodes on loopback addresses with the sample hospital. CLUSTER_DATA: where.
CLUSTER_DATA ?= $(HOME)/.local/share/salamander-cluster
cluster: build
	@$(ENV) .ci/cluster "$(BIN)" "$(CLUSTER_DATA)" $(PATIENTS) $(SEED)

## Builds and runs every test; says at the end which did not run and why.
test: setup
	@$(ENV) .ci/test

## The table of the README, measured here.
bench: build
	@$(ENV) cargo bench -p fhir -p storage -p search -p cluster && cargo run --release -p bench -- table

## The consistency checker: clients that collide over both wires while things go wrong. CHAOS: its options, such as --nodes 3.
CHAOS ?= --seconds 60
chaos: build
	@$(ENV) cargo run --release -p testkit --features harness --example chaos -- "$(BIN)" $(CHAOS)

## Many runs of the simulated cluster. SEEDS: how many; SIMULATION_FIRST: from which on; SIMULATION_SEED: that one alone, told in full.
SEEDS ?= 1000
SIM = cargo test --release --workspace --test simulation several::
sim: setup
ifdef SIMULATION_SEED
	@$(ENV) SIMULATION_SEED=$(SIMULATION_SEED) $(SIM)the_seed_that_is_asked_for -- --nocapture
else
	@$(ENV) SIMULATION_SEEDS=$(SEEDS) $(SIM)as_many_seeds_as_are_asked_for -- --nocapture
endif

build: setup
	@$(ENV) .ci/build salamander cargo build --release --bin salamander

## Asks for what the build uses (a C++ compiler, make, libclang) and installs what is missing on Debian and Ubuntu.
setup:
	@.ci/setup

fmt:
	@$(ENV) cargo fmt --all

clippy: setup
	@$(ENV) cargo clippy --release --workspace --all-targets -- -D warnings

## `make run` in bare root file systems of Debian 12 and 13, where only make and Rust are there before. As root; an hour.
fresh:
	.ci/fresh bookworm && .ci/fresh trixie

clean-data:
	rm -rf "$(DATA)"
