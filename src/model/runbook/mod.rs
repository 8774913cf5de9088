//! A runbook: what to do when an alert fires, as a page that people read and labctl carries out. docs/runbooks.md.

mod block;
mod page;
mod problems;
mod result;

pub use block::{Block, BlockError, Does, Lang, OnFail, Written};
pub use page::{FrontMatter, Metadata, Part, Runbook, Section};
pub use result::{BlockRow, Outcome, RunbookResult, Stepped};
