//! What nobody knows beforehand: which of an act's scenarios is carried out, and when it begins. Drawn from a seed that the run keeps, so that it can be
//! drawn again.

use super::file::GameDay;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was drawn for an act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Drawn {
    /// The act.
    pub act: String,
    /// Its scenario.
    pub scenario: String,
    /// From the start of the act to that of the drill, in milliseconds.
    pub delay_ms: u64,
}

/// SplitMix64: small, and the same in every version of labctl, which the seeded generators of a crate do not promise.
/// <https://prng.di.unimi.it/splitmix64.c>
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0. With bounds as small as these nobody sees that the first numbers are a trifle likelier.
    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }
}

/// Draws for each act.
pub fn draw(day: &GameDay, seed: u64) -> Vec<Drawn> {
    let mut random = Random(seed);
    let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    day.acts
        .iter()
        .map(|act| {
            let which = random.below(act.scenario.len() as u64);
            let chance = random.next();
            let delay_ms = act.start_within.map_or(0, |window| {
                let (from, to) = (millis(window.from.get()), millis(window.to.get()));
                from + chance % (to - from + 1)
            });
            let scenario = usize::try_from(which).ok().and_then(|at| act.scenario.get(at)).cloned().unwrap_or_default();
            Drawn { act: act.name.clone(), scenario, delay_ms }
        })
        .collect()
}
