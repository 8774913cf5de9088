//! Tier `lab`: the real binary brings up a real lab, which all tests here share; it is taken down when the tests end, however they end.
//!
//! Tests run in the order of their names, one at a time: what only looks comes first, what breaks things later, what takes all away last.

mod again;
mod app;
mod bad;
mod bed;
mod causes;
mod changes;
mod drill;
mod drill_menus;
mod events;
mod function;
mod gameday;
mod k6;
pub mod kill;
mod killed;
mod last;
