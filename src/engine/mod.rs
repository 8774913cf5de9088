//! How work is done: plan, dispatch, execution, journal. Knows steps as a trait and nothing of what they do.

pub mod step;
