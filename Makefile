# Every command of the README. Nothing is needed but Rust and make; what else a target uses it installs, pinned, below
# .tools (git-ignored).

CARGO      := cargo
# The version is part of the folder's name, so that a new one is installed when it changes.
CARGO_DENY := 0.20.2
DENY       := $(CURDIR)/.tools/cargo-deny-$(CARGO_DENY)

.DEFAULT_GOAL := help
.PHONY: help run test check deny ci

## help: this list
help:
	@sed -n 's/^## /make /p' $(MAKEFILE_LIST)

## run: Doorstep on one machine, with sandbox vendors. Flags: make run ARGS="--port 9000 --quiet"
run:
	$(CARGO) run --release --locked -p doorstep-local -- $(ARGS)

## test: every test
test:
	$(CARGO) test --workspace --features operator --locked

## check: format and lints
check:
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --workspace --all-targets --features operator --locked -- -D warnings

## deny: what may come into the build, see deny.toml
deny: $(DENY)/bin/cargo-deny
	$(DENY)/bin/cargo-deny check bans licenses sources

$(DENY)/bin/cargo-deny:
	$(CARGO) install cargo-deny --version $(CARGO_DENY) --locked --root $(DENY)

## ci: check, test and deny: what must pass before anything is merged
ci: check test deny
