# Every command of the README. `make run` and `make test` need Rust, a C compiler and make. The other targets install pinned
# tools below .tools (git-ignored). For that, lint, build, e2e, oracle and deploy need Python 3.10 or later, oracle
# Python 3.11 and Node 20, and test-console npm, Chromium and its driver.

CARGO      := cargo
TOOLS      := $(CURDIR)/.tools
# The version is part of the folder's name, so that a new one is installed when it changes.
CARGO_DENY := 0.20.2
DENY       := $(TOOLS)/cargo-deny-$(CARGO_DENY)
FEATURES   := --features operator,stack,browser
CARGO_FUZZ := 0.13.2
FUZZ       := $(TOOLS)/cargo-fuzz-$(CARGO_FUZZ)
CARGO_MUTANTS := 27.1.0
MUTANTS    := $(TOOLS)/cargo-mutants-$(CARGO_MUTANTS)
# Tools from PyPI, each with its lock file in infra/tools.
SAM        := SAM_CLI_TELEMETRY=0 PATH="$(TOOLS)/cargo-lambda/bin:$$PATH" $(TOOLS)/aws-sam-cli/bin/sam
E2E        := $(CURDIR)/target/e2e
# SAM stores the answers of the first `make deploy` here.
CONFIG     := $(CURDIR)/infra/samconfig.toml

# A build from nothing takes a fifth less time so. Cargo itself, called by hand, keeps what a change left as it was.
export CARGO_INCREMENTAL ?= 0

.DEFAULT_GOAL := help
.PHONY: help run doorstep test test-console simulate model differential fuzz mutants switched-mutants oracle test-dynamodb-local check \
	fix lint deny advisories build deploy e2e bench ci

## help: shows this list
help:
	@sed -n 's/^## /make /p' $(MAKEFILE_LIST)

# `make run` builds the same dependencies as `make test`, with the same features: each of the two finds what the other built.
# PROFILE=local builds for longer and runs faster.
PROFILE ?= dev
## run: runs Doorstep on one machine, with sandbox vendors. Flags: make run ARGS="--port 9000 --quiet"
run:
	$(CARGO) build --profile $(PROFILE) --workspace --features operator --locked --bin doorstep-local
	$(TARGET)/$(PROFILE:dev=debug)/doorstep-local $(ARGS)

## doorstep: installs the operator's command into your path
doorstep:
	$(CARGO) install --profile local --locked --path . --features operator --bin doorstep

## test: runs every test that needs only this machine
test:
	$(CARGO) $(ENGINE) test --workspace --features operator --locked

## test-console: tests the console in Chromium, and takes the pictures of the docs; installs Debian's Chromium where it may
test-console: $(TOOLS)/browser/installed
	infra/browser/install.sh
	DOORSTEP_AXE=$(TOOLS)/browser/node_modules/axe-core/axe.min.js DOORSTEP_PICTURES=$(CURDIR)/docs/images \
		$(CARGO) $(ENGINE) test --workspace $(FEATURES) --locked --test console

## model: explores every order of events of one membership, and of two people in one call; takes minutes
model:
	$(CARGO) test --locked --package doorstep-jobs --lib _whole -- --ignored --nocapture

# The number of stories for each platform, from the seed FIRST on.
STORIES ?= 10000
FIRST   ?= 0
## differential: compares the windows of everyone with the reference model: make differential STORIES=100000
differential:
	DOORSTEP_STORIES=$(STORIES) DOORSTEP_SEED=$(FIRST) $(CARGO) test --workspace --features operator --locked --test doorstep \
		windows_of_as_many -- --ignored --nocapture

## test-dynamodb-local: runs the tests of the table, the journeys and the command on DynamoDB Local; needs Java
test-dynamodb-local:
	infra/local/dynamodb-local.sh $(CARGO) $(ENGINE) test --workspace --features operator --locked --test doorstep --test cloud -- \
		--skip property:: --skip simulation::

# The number of seeds, or a range: SEEDS=17..40
SEEDS ?= 200
## simulate: plays a day for each seed, with failures: make simulate SEEDS=500, or SEEDS=17..17
simulate:
	SEEDS=$(SEEDS) $(CARGO) test --profile simulate --features operator --locked --test doorstep simulation::as_many -- --ignored --nocapture

# The number of inputs for each target.
RUNS  ?= 1000000
## fuzz: has libFuzzer look for inputs from outside that stop a function or take long: make fuzz RUNS=1000000 FUZZED="answers"
fuzz: $(FUZZ)/bin/cargo-fuzz
	PATH="$(FUZZ)/bin:$$PATH" infra/fuzz/run.sh $(RUNS) $(TARGET)/fuzz $(FUZZED)

# What decides, and what verifies who sent a delivery.
MUTATED ?= shared/core/decide/** shared/vendors/platform/signature.rs shared/vendors/platform/standard_webhooks.rs
## mutants: breaks the deciding code, one small thing at a time, and lists what no test of its own crate notices; takes hours
mutants: $(MUTANTS)/bin/cargo-mutants
	PATH="$(MUTANTS)/bin:$$PATH" cargo mutants --package doorstep-core --package doorstep-vendors --timeout 60 \
		$(foreach files,$(MUTATED),--file '$(files)') --output $(TARGET)

SWITCHED   = $(TARGET)/mutants
## switched-mutants: the same from one build, each mutant behind a switch; takes minutes, and leaves out what no switch can be
switched-mutants: $(MUTANTS)/bin/cargo-mutants $(TOOLS)/mutants/installed
	mkdir -p $(SWITCHED)
	PATH="$(MUTANTS)/bin:$$PATH" cargo mutants --list --json --package doorstep-core --package doorstep-vendors \
		$(foreach files,$(MUTATED),--file '$(files)') > $(SWITCHED)/list.json
	$(TOOLS)/mutants/bin/python infra/mutants/run.py --list $(SWITCHED)/list.json --tree $(SWITCHED)/tree --report $(SWITCHED)/report.json \
		--build "$(CARGO) test --package doorstep-core --package doorstep-vendors --lib --locked --target-dir $(TARGET)/core"

$(MUTANTS)/bin/cargo-mutants:
	$(CARGO) install cargo-mutants --version $(CARGO_MUTANTS) --locked --root $(MUTANTS)

$(FUZZ)/bin/cargo-fuzz:
	$(CARGO) install cargo-fuzz --version $(CARGO_FUZZ) --locked --root $(FUZZ)

## check: checks format, lints and docs
check:
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --workspace --all-targets $(FEATURES) --locked -- -D warnings
# The fuzz targets are no members of the workspace. Without libFuzzer itself they need no C++ compiler.
	$(CARGO) fmt --manifest-path infra/fuzz/Cargo.toml -- --check
	$(CARGO) clippy --manifest-path infra/fuzz/Cargo.toml --target-dir $(TARGET)/fuzz --no-default-features --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps $(FEATURES) --locked

## fix: formats, and applies the fixes of clippy
fix:
	$(CARGO) clippy --workspace --all-targets $(FEATURES) --locked --fix --allow-dirty --allow-staged
	$(CARGO) fmt --all

## lint: checks the templates by AWS's rules, and the workflows for what could be misused
lint: $(TOOLS)/cfn-lint/installed $(TOOLS)/aws-sam-cli/installed $(TOOLS)/zizmor/installed
	$(TOOLS)/zizmor/bin/zizmor --quiet --offline .github
	$(TOOLS)/cfn-lint/bin/cfn-lint template.yaml infra/watch.yaml
	AWS_DEFAULT_REGION=eu-west-1 $(SAM) validate --lint

## deny: checks the dependencies by deny.toml
deny: $(DENY)/bin/cargo-deny
	$(DENY)/bin/cargo-deny check bans licenses sources

## advisories: looks for known holes in the dependencies, in the database of RustSec
advisories: $(DENY)/bin/cargo-deny
	$(DENY)/bin/cargo-deny check advisories

$(DENY)/bin/cargo-deny:
	$(CARGO) install cargo-deny --version $(CARGO_DENY) --locked --root $(DENY)

# The architecture of the first deployment, or the one that is given here.
ARCH ?= $(or $(shell sed -n 's/.*Architecture=[\\]*"*\([a-z0-9_]*\).*/\1/p' $(CONFIG) 2>/dev/null),arm64)
## build: builds the functions for Lambda, for arm64 or with make build ARCH=x86_64
build: $(TOOLS)/aws-sam-cli/installed $(TOOLS)/cargo-lambda/installed
	$(SAM) build --parameter-overrides Architecture=$(ARCH) --build-dir .aws-sam/build

## deploy: deploys the stack to your AWS account; the first time it asks for parameters, and stores the answers
deploy: build
	$(SAM) deploy --config-file $(CONFIG) --capabilities CAPABILITY_IAM CAPABILITY_AUTO_EXPAND --resolve-s3 \
		$(if $(wildcard $(CONFIG)),,--guided --parameter-overrides Architecture=$(ARCH))

## e2e: deploys the stack to an AWS emulator on this machine, and tests it
e2e: $(TOOLS)/aws-sam-cli/installed $(TOOLS)/cargo-lambda/installed $(TOOLS)/ministack/installed
	$(SAM) build --parameter-overrides Architecture=x86_64 --build-dir $(E2E)/build
	DOORSTEP_E2E=$(E2E) DOORSTEP_BUILT=$(E2E)/build DOORSTEP_SAM=$(TOOLS)/aws-sam-cli/bin/sam \
		DOORSTEP_MINISTACK=$(TOOLS)/ministack/bin/ministack $(CARGO) $(ENGINE) test --workspace $(FEATURES) --locked --test stack

## bench: measures every figure of docs/performance.md, or some: make bench ARGS="start size"
bench: $(if $(filter beside,$(ARGS)),$(TOOLS)/beside-node/installed $(TOOLS)/beside-python/installed)
	$(CARGO) build --locked --release --package doorstep --package doorstep-empty
	$(CARGO) run --locked --release --package doorstep-bench -- $(ARGS)

# The vendors' own OpenAPI documents, which are not part of this project.
DOCUMENTS  ?= ../shared/vendors
WIRE       := $(TOOLS)/wire.jsonl
TARGET     := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)

LOCAL      := $(TARGET)/debug/doorstep-local
ORACLE     := $(TOOLS)/oracle-node/node_modules

## oracle: has others check: the vendors' documents our calls and the sandboxes, their libraries our signatures and Kisi's sandbox
oracle: $(TOOLS)/oracle/installed $(TOOLS)/schemathesis/installed $(TOOLS)/oracle-node/installed
	test -d $(DOCUMENTS) || { echo "there is no $(DOCUMENTS): set DOCUMENTS to the folder of the vendors' documents"; exit 1; }
	rm -f $(WIRE)
# The tests of the sandboxes are only named so that doorstep-local is built too, with the same features.
	DOORSTEP_WIRE=$(WIRE) $(CARGO) test --workspace --features operator --locked --test doorstep --test sandbox -- --quiet journeys
	$(TOOLS)/oracle/bin/python infra/oracle/wire.py $(WIRE) $(DOCUMENTS)
	infra/oracle/serve.sh $(LOCAL) $(TOOLS)/schemathesis/bin/python infra/oracle/fuzz.py $(DOCUMENTS)
	cp infra/oracle/kisi.mjs $(ORACLE)/..
	infra/oracle/serve.sh $(LOCAL) node $(ORACLE)/../kisi.mjs infra/oracle/worlds.json
	infra/oracle/deliver.sh $(LOCAL) $(TOOLS)/oracle/bin/python $(ORACLE)

# Packages of npm, with the versions of their lock file.
define npm
	rm -rf $(@D) && mkdir -p $(@D)
	cp $(<D)/package.json $(<D)/package-lock.json $(@D)
	npm ci --silent --no-audit --no-fund --prefix $(@D)
	touch $@
endef

$(TOOLS)/oracle-node/installed: infra/oracle/package-lock.json
	$(npm)

$(TOOLS)/browser/installed: infra/browser/package-lock.json
	$(npm)

# What `make bench ARGS=beside` measures beside receive. Node itself is a package of npm.
$(TOOLS)/beside-node/installed: infra/bench/beside/node/package-lock.json infra/bench/beside/node/receive.mjs
	$(npm)
	cp $(<D)/receive.mjs $(@D)

$(TOOLS)/beside-python/installed: infra/bench/beside/install.sh infra/bench/beside/python/requirements.txt
	infra/bench/beside/install.sh $(@D)
	touch $@

# A tool from PyPI, in its own environment, with the versions of its lock file.
$(TOOLS)/%/installed: infra/tools/%.txt
	rm -rf $(@D)
	python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement $<
	touch $@

# The tests call the table engine most. Optimised it takes a minute longer to build, and the tests take a quarter less time.
ci: ENGINE := --config profile.dev.package.dynoxide-rs.opt-level=1
## ci: runs check, every test, deny, lint and e2e: all must pass before a merge
ci: check test test-console test-dynamodb-local deny lint e2e
