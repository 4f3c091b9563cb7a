# Every command of the README. Nothing is needed but Rust and make; what else a target uses it installs, pinned, below
# .tools (git-ignored).

TOOLS      := $(CURDIR)/.tools
CARGO_DENY := 0.20.2
CARGO      := cargo

.PHONY: run test check deny ci

## run: Doorstep on one machine, with sandbox vendors. Flags: make run ARGS="--port 9000 --quiet"
run:
	$(CARGO) run --release --locked -p doorstep-local -- $(ARGS)

## test: every test, in under a few minutes
test:
	$(CARGO) test --workspace --features operator --locked

## check: format and lints
check:
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --workspace --all-targets --features operator --locked -- -D warnings

## deny: dependency policy
deny: $(TOOLS)/bin/cargo-deny
	$(TOOLS)/bin/cargo-deny check bans licenses sources

$(TOOLS)/bin/cargo-deny:
	$(CARGO) install cargo-deny --version $(CARGO_DENY) --locked --root $(TOOLS)

## ci: all of it
ci: check test deny
