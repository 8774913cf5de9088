//! What a host or a running lab tells, read only: doctor rules, and what a stack needs against what the host has,
//! and what is asked of a lab while a person looks at it.

pub mod budget;
pub mod doctor;
pub mod look;
