//! What the speed and fault rigs share: a real API server, sets of objects, the audit log, contestants, a faulty proxy, the record of figures.

pub mod audit;
pub mod child;
pub mod http;
pub mod judge;
pub mod objects;
pub mod parts;
pub mod proxy;
pub mod race;
pub mod record;
pub mod room;
pub mod server;
pub mod webhook;

/// What a rig comes to, or why it could not run.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
