//! The table of screens: name, key, keys of its own, and how it is made. Palette, help and the key table are built from it.

use super::gameday::{self, Gameday};
use super::history::{self, History};
use super::lab::{self, Lab};
use super::replay::{self, Replay};
use super::run::{self, Run};
use super::runbooks::{self, Runbooks};
use super::scenarios::{self, Scenarios};
use super::screen::{Screen, ScreenId};
use super::start::{self, Start};
use super::workloads::{self, Workloads};
use crate::tui::drilling::DrillKind;
use crate::tui::keymap::Binding;

/// One screen.
pub struct Entry {
    /// Which one.
    pub id: ScreenId,
    /// What the palette and a user's keys call it.
    pub name: &'static str,
    /// The key that shows it from anywhere; empty for what is reached from another screen only.
    pub key: &'static str,
    /// What it is for, a sentence without its stop.
    pub what: &'static str,
    /// Keys of its own.
    pub keys: &'static [Binding],
    /// Makes it; none for a room that has not landed.
    pub make: Option<fn() -> Box<dyn Screen>>,
}

/// A screen whose room has not landed: it has its place, and says so.
const fn place(id: ScreenId, name: &'static str, key: &'static str, what: &'static str) -> Entry {
    Entry { id, name, key, what, keys: &[], make: None }
}

/// Every screen.
pub const SCREENS: &[Entry] = &[
    Entry {
        id: ScreenId::Start,
        name: "start",
        key: "1",
        what: "stacks: choose what a lab is made of, and bring it up",
        keys: start::KEYS,
        make: Some(|| Box::new(Start::default())),
    },
    Entry {
        id: ScreenId::Run,
        name: "run",
        key: "2",
        what: "the run in progress: what each step does, what it waits for, and why",
        keys: run::KEYS,
        make: Some(|| Box::new(Run::default())),
    },
    Entry {
        id: ScreenId::Lab,
        name: "lab",
        key: "3",
        what: "the lab as it is: health, addresses, passwords, use of the host, alerts",
        keys: lab::KEYS,
        make: Some(|| Box::new(Lab::default())),
    },
    Entry {
        id: ScreenId::Workloads,
        name: "workloads",
        key: "4",
        what: "pods, events and logs of the lab; restart, scale",
        keys: workloads::KEYS,
        make: Some(|| Box::new(Workloads::default())),
    },
    Entry {
        id: ScreenId::History,
        name: "history",
        key: "5",
        what: "runs of the past: replay one, compare two",
        keys: history::KEYS,
        make: Some(|| Box::new(History::default())),
    },
    Entry {
        id: ScreenId::Scenarios,
        name: "scenarios",
        key: "6",
        what: "drills to run: requirements, blast radius, last verdict",
        keys: scenarios::KEYS,
        make: Some(|| Box::new(Scenarios::default())),
    },
    Entry {
        id: ScreenId::Chaos,
        name: "chaos",
        key: "7",
        what: "drills that break something, and their undo",
        keys: scenarios::KEYS,
        make: Some(|| Box::new(Scenarios::of(DrillKind::Chaos))),
    },
    Entry {
        id: ScreenId::Load,
        name: "load",
        key: "8",
        what: "drills that only bring load",
        keys: scenarios::KEYS,
        make: Some(|| Box::new(Scenarios::of(DrillKind::Load))),
    },
    place(ScreenId::Apps, "apps", "9", "the sample apps: build, deploy, promote, roll back"),
    place(ScreenId::Cloud, "cloud", "0", "the cloud side: queues, tables, functions, budgets"),
    Entry {
        id: ScreenId::GameDay,
        name: "gameday",
        key: "D",
        what: "game days: clock, acts, pager, notes, for who leads and for who responds",
        keys: gameday::KEYS,
        make: Some(|| Box::new(Gameday::default())),
    },
    Entry {
        id: ScreenId::Runbooks,
        name: "runbooks",
        key: "B",
        what: "runbooks: which alerts fire, the pages, their blocks carried out",
        keys: runbooks::KEYS,
        make: Some(|| Box::new(Runbooks::default())),
    },
    place(ScreenId::Slo, "slo", "S", "service levels, budgets left and cost"),
    Entry {
        id: ScreenId::Replay,
        name: "replay",
        key: "",
        what: "a run of the past, at any speed",
        keys: replay::KEYS,
        make: Some(|| Box::new(Replay::default())),
    },
];

/// The row of one screen.
pub fn entry(id: ScreenId) -> &'static Entry {
    SCREENS.iter().find(|entry| entry.id == id).unwrap_or(&SCREENS[0])
}

/// What palette, pages and a user's keys call a screen.
pub fn screen_name(id: ScreenId) -> &'static str {
    entry(id).name
}

/// One of each that has landed.
pub fn make_all() -> Vec<(ScreenId, Box<dyn Screen>)> {
    SCREENS.iter().filter_map(|entry| entry.make.map(|make| (entry.id, make()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_names_are_unique() {
        for (at, one) in SCREENS.iter().enumerate() {
            assert!(SCREENS.iter().skip(at + 1).all(|other| other.id != one.id && other.name != one.name), "{}", one.name);
            assert_eq!(entry(one.id).name, one.name);
        }
    }
}
