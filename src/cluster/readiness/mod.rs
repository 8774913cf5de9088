//! When an object is ready: one file per kind, pure functions of the object alone.
//!
//! The same two rules come first for every kind: what is being deleted is not ready, and a status of an older generation says nothing.

mod apiservice;
mod crd;
mod daemonset;
mod deployment;
mod generic;
mod job;
mod judgement;
mod namespace;
mod node;
mod pod;
mod pvc;
mod service;
mod statefulset;

pub use judgement::{Judgement, generation_observed, judge, needs_waiting};
