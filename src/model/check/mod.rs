//! Checks as files write them: one item says what is looked at and what must be seen. `checks` carries them out.

mod http;
mod item;
mod k8s;
mod list;
mod loki;
mod prom;
mod queue;
mod trace;
mod vars;
mod written;

pub use http::{HttpCheck, Method};
pub use item::{Check, CheckError, What};
pub use k8s::{Expect, K8sCheck};
pub use list::{Stage, problems};
pub use loki::{Labels, LokiCheck};
pub use prom::{Op, PromCheck};
pub use queue::{AlertCheck, Messages, QueueAction, QueueCheck};
pub use trace::{Linked, TraceCheck};
pub use vars::{UnknownVar, Vars};

pub(crate) use item::only;
pub(crate) use written::written_check;
