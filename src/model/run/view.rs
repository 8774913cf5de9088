//! What front ends of every kind share: how a person asks for one, how a time is written, and the schema of what machines read.

use super::event::Event;

/// Which front end a person asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Output {
    /// What fits where we are: see docs/output.md.
    #[default]
    Auto,
    /// The terminal app.
    Screen,
    /// Progress bars on stderr.
    Bars,
    /// Plain lines on stderr, one per change.
    Lines,
    /// The events as JSON lines on stdout.
    Json,
}

/// Whether colour was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Color {
    /// Where a terminal can show it and `NO_COLOR` is not set.
    #[default]
    Auto,
    /// Also where there is no terminal.
    Always,
    /// Whatever the terminal can do.
    Never,
}

/// A time as every screen writes it: `0.4s`, `12s`, `3m04`, `2h05`.
pub fn brief_time(millis: u64) -> String {
    let seconds = millis / 1000;
    match seconds {
        0 if millis == 0 => "0s".to_owned(),
        0..=9 => format!("{}.{}s", seconds, millis % 1000 / 100),
        10..=59 => format!("{seconds}s"),
        60..=3599 => format!("{}m{:02}", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}", seconds / 3600, seconds % 3600 / 60),
    }
}

/// The JSON Schema of one event, as `--output json` prints it.
pub fn event_schema() -> schemars::Schema {
    schemars::schema_for!(Event)
}

#[cfg(test)]
mod tests {
    use super::brief_time;

    #[test]
    fn times_are_as_short_as_they_are_exact() {
        let said: Vec<String> = [0, 40, 400, 9_990, 12_345, 60_000, 184_000, 7_500_000].map(brief_time).into();
        assert_eq!(said, ["0s", "0.0s", "0.4s", "9.9s", "12s", "1m00", "3m04", "2h05"]);
    }
}
