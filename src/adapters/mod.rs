//! One file or folder per outside system: speaks its API, with deadlines, and says in one sentence what went wrong.

pub mod alertmanager;
pub mod kube;
pub mod loki;
pub mod prometheus;
pub mod queue;
pub mod traces;
