//! Programs run side by side: each in turn, several rounds, the one that starts changing with the round.

use super::Outcome;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// One program's times, in seconds.
#[derive(Debug, Clone)]
pub struct Times {
    pub name: String,
    pub seconds: Vec<f64>,
}

impl Times {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), seconds: Vec::new() }
    }

    pub fn median(&self) -> f64 {
        median(&self.seconds)
    }

    /// `name 1.23 s (1.20 1.23 1.31)`
    pub fn line(&self) -> String {
        let all: Vec<String> = self.seconds.iter().map(|seconds| format!("{seconds:.3}")).collect();
        format!("{} {:.3} s ({})", self.name, self.median(), all.join(" "))
    }
}

/// The middle one, of an even number the upper of the two.
pub fn median(values: &[f64]) -> f64 {
    percentile(values, 0.5)
}

/// The value that `part` of all are below.
pub fn percentile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a list")]
    let place = ((sorted.len() as f64 * part) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(place).copied().unwrap_or(f64::NAN)
}

/// What a program that ended well wrote, and how long it took from start to end. One that fails is an error with the end of what it said.
pub fn run(command: &mut Command) -> Outcome<(Duration, String)> {
    let begun = Instant::now();
    let output = command.stdin(Stdio::null()).output()?;
    let took = begun.elapsed();
    if output.status.success() {
        return Ok((took, String::from_utf8_lossy(&output.stdout).into_owned()));
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let end: Vec<&str> = said.lines().rev().take(5).collect();
    let end: Vec<&str> = end.into_iter().rev().collect();
    Err(format!("{} failed ({}): {}", command.get_program().to_string_lossy(), output.status, end.join("\n")).into())
}

/// Who goes in a round, in which order: all of `count`, another first each time.
pub fn order(round: usize, count: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |place| (place + round) % count)
}
