//! A postmortem: drafted from what runs have left, finished by people, and checked against it at any time. docs/postmortem.md.

mod check;
mod draft;
mod entries;
mod facts;
mod reference;
mod region;

pub use check::{Finding, lint};
pub use draft::{Refreshed, draft, refresh};
pub use facts::{Facts, NoFacts};
pub use region::AutoError;
