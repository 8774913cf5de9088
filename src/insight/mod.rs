//! What a host or a running lab tells, read only: doctor rules, and what a stack needs against what the host has.

pub mod budget;
pub mod doctor;
