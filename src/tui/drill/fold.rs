//! What is kept of a drill beside the fold of its run: each check over time, what was changed and is to be taken back, and how much was asked of the lab.

use crate::model::run::{At, Event, EventKind, Figure, Health, Limit, Moment, StepEvent, StepId};
use std::collections::VecDeque;

/// Checks that are kept: a forged journal must not fill the memory.
const TRACKS: usize = 200;
/// Looks that are kept of each check: more than an hour of them.
const LOOKS: usize = 2000;
/// Changes that are kept.
const CHANGES: usize = 500;

/// When in a drill something is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The steady state, before anything is broken and again at the end.
    Steady,
    /// Whether a fault is really there.
    Landed,
    /// A claim, all the time.
    Meanwhile,
    /// A claim, once all is whole again.
    End,
    /// How much is asked of the lab, and how it answers.
    Load,
}

impl Part {
    fn of(step: &StepId) -> Self {
        match step.0.split('/').next().unwrap_or_default() {
            "inject" => Self::Landed,
            "watch" => Self::Meanwhile,
            "verify" => Self::End,
            _ => Self::Steady,
        }
    }

    /// For a column.
    pub fn word(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Landed => "landed",
            Self::Meanwhile => "claim",
            Self::End => "at end",
            Self::Load => "load",
        }
    }
}

/// One look at a check.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// When it ended.
    pub at: At,
    /// How it went; nothing for a figure that nobody judges.
    pub health: Option<Health>,
    /// The number, where there is one.
    pub value: Option<f64>,
}

/// A check over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// As the scenario has it.
    pub name: String,
    /// When it is looked at.
    pub part: Part,
    /// What the last look saw.
    pub seen: String,
    /// What its number is held against.
    pub limit: Option<Limit>,
    /// What its number counts.
    pub unit: String,
    /// Oldest first.
    pub looks: VecDeque<Look>,
    /// How often it was looked at in all.
    pub count: u64,
    /// How many looks failed.
    pub failed: u64,
}

impl Track {
    /// The newest look.
    pub fn last(&self) -> Option<&Look> {
        self.looks.back()
    }

    /// Whether any look saw a number.
    pub fn has_numbers(&self) -> bool {
        self.looks.iter().any(|look| look.value.is_some())
    }
}

/// Something that was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// In words.
    pub what: String,
    /// It is a fault, and not the load that is there meanwhile.
    pub fault: bool,
    /// When its undo was written down.
    pub intended: At,
    /// When it was made.
    pub made: Option<At>,
    /// When it was taken back.
    pub undone: Option<At>,
}

/// A moment of a game day's act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// When.
    pub at: At,
    /// Of which act.
    pub act: String,
    /// Which one.
    pub moment: Moment,
    /// What told of it.
    pub source: String,
}

/// The drill so far.
#[derive(Debug, Clone, Default)]
pub struct DrillFold {
    /// In the order they were first looked at.
    pub tracks: Vec<Track>,
    /// In the order they were made.
    pub changes: Vec<Taken>,
    /// Of a game day's acts, in the order they were seen.
    pub moments: Vec<Seen>,
}

impl DrillFold {
    /// Takes in one event.
    pub fn apply(&mut self, event: &Event) {
        let EventKind::Step { step, says } = &event.event else { return };
        match says {
            StepEvent::Probe { target, health, seen, figure } => {
                let name = if target == "landed" { step.0.trim_start_matches("inject/") } else { target };
                self.look(name, Part::of(step), event.at, Some(*health), seen, figure.as_ref());
            }
            StepEvent::Load { requests_per_s, failed_share, p95_ms, vus } => {
                let line = says.load_line().unwrap_or_default();
                for (name, value, unit) in [
                    ("requests", Some(*requests_per_s), "/s"),
                    ("p95", *p95_ms, "ms"),
                    ("failed", failed_share.map(|share| share * 100.0), "%"),
                    ("virtual users", Some(f64::from(*vus)), ""),
                ] {
                    let figure = value.map(|value| Figure { value, limit: None, unit: Some(unit.to_owned()) });
                    self.look(name, Part::Load, event.at, None, &line, figure.as_ref());
                }
            }
            StepEvent::Moment { act, moment, source, .. } if self.moments.len() < CHANGES => {
                self.moments.push(Seen { at: event.at, act: act.clone(), moment: *moment, source: source.clone() });
            }
            StepEvent::Intent { what } if self.changes.len() < CHANGES => {
                self.changes.push(Taken {
                    what: what.clone(),
                    fault: step.0.starts_with("inject"),
                    intended: event.at,
                    made: None,
                    undone: None,
                });
            }
            StepEvent::Applied { what } => {
                if let Some(change) = self.changes.iter_mut().rev().find(|change| change.what == *what && change.made.is_none()) {
                    change.made = Some(event.at);
                }
            }
            StepEvent::Undone { what } => {
                if let Some(change) = self.changes.iter_mut().rev().find(|change| change.what == *what && change.undone.is_none()) {
                    change.undone = Some(event.at);
                }
            }
            _ => {}
        }
    }

    fn look(&mut self, name: &str, part: Part, at: At, health: Option<Health>, seen: &str, figure: Option<&Figure>) {
        let known = self.tracks.iter().position(|track| track.name == name && track.part == part);
        let index = known.unwrap_or(self.tracks.len());
        if known.is_none() {
            if self.tracks.len() >= TRACKS {
                return;
            }
            self.tracks.push(Track {
                name: name.to_owned(),
                part,
                seen: String::new(),
                limit: None,
                unit: String::new(),
                looks: VecDeque::new(),
                count: 0,
                failed: 0,
            });
        }
        let Some(track) = self.tracks.get_mut(index) else { return };
        seen.clone_into(&mut track.seen);
        if let Some(figure) = figure {
            track.limit = figure.limit;
            track.unit = figure.unit.clone().unwrap_or_default();
        }
        if track.looks.len() >= LOOKS {
            track.looks.pop_front();
        }
        // a number that a forged journal makes up must not draw a chart that has no end
        let value = figure.map(|figure| figure.value).filter(|value| value.is_finite());
        track.looks.push_back(Look { at, health, value });
        track.count += 1;
        track.failed += u64::from(health == Some(Health::Fail));
    }

    /// From the first fault, or the load where there is none, to the last that was taken back; without an end while something is still to be.
    pub fn window(&self) -> Option<(At, Option<At>)> {
        let counts = |change: &&Taken| change.fault || !self.breaks();
        let from = self.changes.iter().filter(counts).map(|change| change.intended).min()?;
        let open = self.changes.iter().filter(counts).any(|change| change.undone.is_none());
        let until = self.changes.iter().filter(counts).filter_map(|change| change.undone).max();
        Some((from, until.filter(|_| !open)))
    }

    /// Whether anything was broken.
    pub fn breaks(&self) -> bool {
        self.changes.iter().any(|change| change.fault)
    }

    /// How many changes are still there.
    pub fn open(&self) -> usize {
        self.changes.iter().filter(|change| change.undone.is_none()).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::check::Op;
    use crate::model::run::RunId;
    use proptest::prelude::*;
    use std::time::Duration;

    fn at(millis: u64) -> At {
        At(time::OffsetDateTime::UNIX_EPOCH + Duration::from_millis(millis))
    }

    fn said(millis: u64, step: &str, says: StepEvent) -> Event {
        Event { v: 1, seq: 1, at: at(millis), run: RunId("r".to_owned()), event: EventKind::Step { step: step.into(), says } }
    }

    fn probe(target: &str, health: Health, value: f64) -> StepEvent {
        let limit = Some(Limit { op: Op::Le, value: 5.0 });
        StepEvent::Probe {
            target: target.to_owned(),
            health,
            seen: format!("{value}"),
            figure: Some(Figure { value, limit, unit: Some("ms".to_owned()) }),
        }
    }

    #[test]
    fn a_check_of_the_steady_state_is_one_row_before_and_after_and_a_claim_is_another() {
        let mut fold = DrillFold::default();
        fold.apply(&said(0, "baseline", probe("answers", Health::Pass, 1.0)));
        fold.apply(&said(1, "watch", probe("answers", Health::Fail, 9.0)));
        fold.apply(&said(2, "recover", probe("answers", Health::Pass, 2.0)));
        assert_eq!(fold.tracks.len(), 2);
        assert_eq!((fold.tracks[0].part, fold.tracks[0].count, fold.tracks[0].failed), (Part::Steady, 2, 0));
        assert_eq!((fold.tracks[1].part, fold.tracks[1].failed, fold.tracks[1].unit.as_str()), (Part::Meanwhile, 1, "ms"));
        assert_eq!(fold.tracks[0].last().and_then(|look| look.value), Some(2.0));
    }

    #[test]
    fn the_window_is_open_until_the_last_change_is_taken_back() {
        let change = |what: &str| what.to_owned();
        let mut fold = DrillFold::default();
        assert_eq!(fold.window(), None);
        for (millis, what) in [(10, "a"), (20, "b")] {
            fold.apply(&said(millis, "inject/x", StepEvent::Intent { what: change(what) }));
            fold.apply(&said(millis + 1, "inject/x", StepEvent::Applied { what: change(what) }));
        }
        fold.apply(&said(50, "rollback", StepEvent::Undone { what: change("b") }));
        assert_eq!((fold.window(), fold.open()), (Some((at(10), None)), 1));
        fold.apply(&said(60, "rollback", StepEvent::Undone { what: change("a") }));
        assert_eq!((fold.window(), fold.open()), (Some((at(10), Some(at(60)))), 0));
    }

    proptest! {
        #[test]
        fn what_is_taken_back_was_made_and_nothing_is_taken_back_twice(says in proptest::collection::vec((0..3u8, 0..3u8), 0..40)) {
            let mut fold = DrillFold::default();
            for (number, (kind, which)) in says.iter().enumerate() {
                let what = format!("change {which}");
                let says = match kind {
                    0 => StepEvent::Intent { what },
                    1 => StepEvent::Applied { what },
                    _ => StepEvent::Undone { what },
                };
                fold.apply(&said(number as u64, "inject/x", says));
            }
            let intents = says.iter().filter(|(kind, _)| *kind == 0).count();
            prop_assert_eq!(fold.changes.len(), intents);
            for change in &fold.changes {
                prop_assert!(change.made.is_none_or(|made| made >= change.intended));
                prop_assert!(change.undone.is_none_or(|undone| undone >= change.intended));
            }
        }
    }
}
