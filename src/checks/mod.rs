//! How anything is proven: carries out the checks of `model::check`, for component readiness and for scenarios alike. No data is never a pass.

mod alert;
mod attempt;
mod http;
mod k8s;
mod loki;
mod lookup;
mod prober;
mod prom;
mod queue;
mod trace;

pub use attempt::Way;
pub use lookup::{Backends, EndpointRef, Lookup, Scope, TraceBackend};
pub use prober::{CheckResult, Pace, Prober};
