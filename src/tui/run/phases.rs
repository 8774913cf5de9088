//! What each step was busy with, over time: bringing bytes, writing objects, waiting until it answers, or its own work.

use crate::model::run::{At, Event, EventKind, StepEvent, StepId};
use std::collections::HashMap;

/// What a step is busy with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// Its own work.
    #[default]
    Work,
    /// It brings bytes or images.
    Pull,
    /// It writes objects.
    Apply,
    /// It waits for something to start, or to answer.
    Wait,
}

impl Phase {
    /// All, in the order of the legend.
    pub const ALL: [Self; 4] = [Self::Work, Self::Pull, Self::Apply, Self::Wait];

    /// A column of it in a timeline.
    pub fn glyph(self) -> char {
        match self {
            Self::Work => '█',
            Self::Pull => '░',
            Self::Apply => '▒',
            Self::Wait => '▓',
        }
    }

    /// Its name in the legend.
    pub fn name(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::Pull => "pull",
            Self::Apply => "apply",
            Self::Wait => "start",
        }
    }
}

/// Changes that are kept of each step; one that flaps more often keeps its last ones' place in the first.
const CHANGES: usize = 200;

/// When each step turned to what.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Phases(HashMap<StepId, Vec<(At, Phase)>>);

impl Phases {
    /// Takes in one event.
    pub fn hear(&mut self, event: &Event) {
        match &event.event {
            EventKind::StepStarted { step } => {
                self.0.insert(step.clone(), vec![(event.at, Phase::Work)]);
            }
            EventKind::Step { step, says } => {
                let phase = match says {
                    StepEvent::Progress { unit, .. } if unit == "B" || unit == "images" => Phase::Pull,
                    StepEvent::ObjectChanged { .. } => Phase::Apply,
                    StepEvent::Waiting { .. } | StepEvent::Probe { .. } => Phase::Wait,
                    _ => return,
                };
                let Some(turns) = self.0.get_mut(step) else { return };
                if turns.len() < CHANGES && turns.last().is_some_and(|(_, last)| *last != phase) {
                    turns.push((event.at, phase));
                }
            }
            _ => {}
        }
    }

    /// What the step was busy with at a moment after its start.
    pub fn at(&self, step: &StepId, at: At) -> Phase {
        let turns = self.0.get(step).map(Vec::as_slice).unwrap_or_default();
        let after = turns.partition_point(|(turned, _)| *turned <= at);
        turns.get(after.saturating_sub(1)).map(|(_, phase)| *phase).unwrap_or_default()
    }
}
