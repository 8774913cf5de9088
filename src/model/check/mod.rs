//! Checks as files write them: one item says what is looked at and what must be seen. `checks` carries them out.

mod item;
mod list;
mod types;
mod vars;

pub use item::{Check, CheckError, What};
pub use list::{Stage, problems};
pub use types::{
    AlertCheck, Expect, HttpCheck, K8sCheck, Labels, Linked, LokiCheck, Method, Op, PromCheck, QueueAction, QueueCheck, TraceCheck,
};
pub use vars::{UnknownVar, Vars};
