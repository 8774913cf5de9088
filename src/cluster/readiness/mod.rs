//! When an object is ready: one file per kind, pure functions of the object and of what is known around it. docs/readiness.md has every rule in
//! words that a test reads.
//!
//! The same two rules come first for every kind: what is being deleted is not ready, and a status of an older generation says nothing.

mod apiservice;
mod application;
mod around;
mod certificate;
mod crd;
mod cronjob;
mod daemonset;
mod deployment;
mod gateway;
mod generic;
mod hpa;
mod ingress;
mod istio;
mod job;
mod judgement;
mod kinds;
mod litmus;
mod namespace;
mod node;
mod note;
mod once;
mod pdb;
mod pod;
mod prometheus;
mod pv;
mod pvc;
mod replicaset;
mod rollout;
mod service;
mod statefulset;
mod webhook;

pub use around::{Around, Nothing};
pub use judgement::{Judgement, generation_observed, judge, judge_in};
pub use kinds::needs_waiting;
pub use note::note;
