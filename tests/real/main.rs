//! Tests against real parts that the test bed brings. One module per tier, named as `scripts/test --tier` names it: `apiserver`, `lab`.
//!
//! Every test here is `#[ignore]`d with the command that brings its parts, so that a plain `cargo test` lists it as ignored and never as passed;
//! `scripts/test` runs a tier with `--ignored` once its parts are there.
//!
//! Some need less than a whole tier: an AWS emulator for `queue`, any cluster for `forward`. Each test says which variable it looks at; without it,
//! it prints `NOT RUN`, and fails where `LABCTL_REQUIRE_TIERS` names its part.

mod apiserver;
mod bare;
mod charts;
mod forward;
mod fuzz;
mod lab;
mod queue;
mod readiness;
mod server;
#[path = "../terminal/mod.rs"]
#[expect(dead_code, reason = "tests/pty.rs does more with a terminal")]
mod terminal;
mod tier;
mod torture;
mod yaml_apiserver;
