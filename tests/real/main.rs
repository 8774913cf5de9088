//! Tests against real parts that the test bed brings. One module per tier, named as `scripts/test --tier` names it: `apiserver`, `lab`.
//!
//! Every test here is `#[ignore]`d with the command that brings its parts, so that a plain `cargo test` lists it as ignored and never as passed;
//! `scripts/test` runs a tier with `--ignored` once its parts are there.

mod apiserver;
mod server;
mod workloads;
