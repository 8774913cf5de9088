//! Runs that others may look at and steer while they go on: the socket of a run, those who come to it, and the way there. docs/attach.md.

mod client;
mod peer;
mod place;
mod server;
mod session;
mod tail;
mod wire;

pub use client::{AttachError, Attached, Steering, Told, connect};
pub use place::{PlaceError, Places, pointer};
pub use server::{Limits, Served, Serving, serve};
