//! One file or folder per outside system: how to talk to it, with deadlines, never why. They know nothing of each other, but for `process`.

pub mod alertmanager;
pub mod docker;
pub mod helm;
pub mod k6;
pub mod kind;
pub mod kube;
pub mod loki;
pub mod process;
pub mod prometheus;
pub mod queue;
pub mod registry;
pub mod traces;
