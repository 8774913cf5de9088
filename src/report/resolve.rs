//! Which front end a run gets. Decided once, from what is passed in, so that every case can be tested; docs/output.md has the same table.

use crate::model::run::{Color, Output};

/// A front end and whether it may use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// The front end.
    pub mode: Mode,
    /// Whether it may use colour.
    pub color: bool,
}

/// The front ends there are; exactly one shows a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The terminal app.
    Screen,
    /// Progress bars on stderr.
    Bars,
    /// Plain lines on stderr.
    Lines,
    /// JSON lines on stdout.
    Json,
}

/// Where the process finds itself, and what it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact about the process, independent of the others")]
pub struct Surroundings {
    /// `--output`.
    pub output: Output,
    /// `--color`.
    pub color: Color,
    /// `--headless`, or a verb that has no screen.
    pub headless: bool,
    /// Keys can be read.
    pub stdin_is_terminal: bool,
    /// Results are seen by a person.
    pub stdout_is_terminal: bool,
    /// Progress is seen by a person.
    pub stderr_is_terminal: bool,
    /// `CI` is set and neither empty nor `false` nor `0`.
    pub ci: bool,
    /// `TERM` is `dumb` or not set.
    pub dumb: bool,
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
}

/// Every case in order; the first that fits decides.
///
/// | asked for | where | front end |
/// | --- | --- | --- |
/// | `json` | anywhere | JSON lines on stdout |
/// | `screen` | stdin, stdout and stderr are terminals that can move their cursor | the terminal app |
/// | `screen` | anywhere else | lines |
/// | `lines` | anywhere | lines |
/// | `bars` | stderr is a terminal that can move its cursor | bars |
/// | `bars` | anywhere else | lines: bars would leave nothing readable, or nothing at all |
/// | `auto` | CI | lines: CI may lend a terminal and then strip cursor moves |
/// | `auto` | stderr is no terminal, or a dumb one | lines |
/// | `auto`, not headless | stdin and stdout are terminals too | the terminal app |
/// | `auto` | anywhere else | bars |
///
/// | colour | |
/// | --- | --- |
/// | `--color always` / `never` | yes / no, whatever else is set |
/// | `NO_COLOR` | no |
/// | a dumb terminal, CI, or stderr is no terminal | no |
/// | anywhere else | yes |
/// | JSON | never |
pub fn resolve(around: Surroundings) -> Choice {
    let can_draw = around.stderr_is_terminal && !around.dumb;
    // The app reads keys from stdin and draws on stdout; with one of them elsewhere it would be deaf or blind.
    let can_ask = can_draw && around.stdin_is_terminal && around.stdout_is_terminal;
    let mode = match around.output {
        Output::Json => Mode::Json,
        // Asked for by name: a person in CI who wants bars on the terminal it lends gets them.
        Output::Bars if can_draw => Mode::Bars,
        Output::Screen if can_ask => Mode::Screen,
        Output::Lines | Output::Bars | Output::Screen => Mode::Lines,
        Output::Auto if around.ci || !can_draw => Mode::Lines,
        Output::Auto if !around.headless && can_ask => Mode::Screen,
        Output::Auto => Mode::Bars,
    };
    let color = match around.color {
        _ if mode == Mode::Json => false,
        Color::Always => true,
        Color::Never => false,
        Color::Auto => !around.no_color && !around.ci && can_draw,
    };
    Choice { mode, color }
}

#[cfg(test)]
mod tests {
    use super::{Choice, Mode, Surroundings, resolve};
    use crate::model::run::{Color, Output};

    const TERMINAL: Surroundings = Surroundings {
        output: Output::Auto,
        color: Color::Auto,
        headless: false,
        stdin_is_terminal: true,
        stdout_is_terminal: true,
        stderr_is_terminal: true,
        ci: false,
        dumb: false,
        no_color: false,
    };

    #[track_caller]
    fn check(around: Surroundings, mode: Mode, color: bool) {
        assert_eq!(resolve(around), Choice { mode, color }, "{around:?}");
    }

    #[test]
    fn every_case_of_the_table() {
        let piped = Surroundings { stdout_is_terminal: false, ..TERMINAL };
        let blind = Surroundings { stderr_is_terminal: false, ..TERMINAL };
        check(TERMINAL, Mode::Screen, true);
        check(Surroundings { headless: true, ..TERMINAL }, Mode::Bars, true);
        check(Surroundings { stdin_is_terminal: false, ..TERMINAL }, Mode::Bars, true);
        check(piped, Mode::Bars, true);
        check(blind, Mode::Lines, false);
        check(Surroundings { ci: true, ..TERMINAL }, Mode::Lines, false);
        check(Surroundings { dumb: true, ..TERMINAL }, Mode::Lines, false);
        for (output, mode) in
            [(Output::Screen, Mode::Screen), (Output::Bars, Mode::Bars), (Output::Lines, Mode::Lines), (Output::Json, Mode::Json)]
        {
            check(Surroundings { output, ..TERMINAL }, mode, output != Output::Json);
            check(Surroundings { output, headless: true, ..TERMINAL }, mode, output != Output::Json);
        }
        for around in [Surroundings { stdin_is_terminal: false, ..TERMINAL }, piped, Surroundings { dumb: true, ..TERMINAL }] {
            check(Surroundings { output: Output::Screen, ..around }, Mode::Lines, !around.dumb);
        }
        check(Surroundings { output: Output::Screen, ci: true, ..TERMINAL }, Mode::Screen, false);
        check(Surroundings { output: Output::Bars, ..blind }, Mode::Lines, false);
        check(Surroundings { output: Output::Bars, dumb: true, ..TERMINAL }, Mode::Lines, false);
        check(Surroundings { output: Output::Bars, ci: true, ..TERMINAL }, Mode::Bars, false);
        check(Surroundings { output: Output::Json, color: Color::Always, ..piped }, Mode::Json, false);
    }

    #[test]
    fn colour_obeys_the_flag_then_no_color_then_the_terminal() {
        let headless = Surroundings { headless: true, ..TERMINAL };
        check(Surroundings { no_color: true, ..headless }, Mode::Bars, false);
        check(Surroundings { no_color: true, color: Color::Always, ..headless }, Mode::Bars, true);
        check(Surroundings { color: Color::Never, ..headless }, Mode::Bars, false);
        check(Surroundings { color: Color::Always, stderr_is_terminal: false, ..headless }, Mode::Lines, true);
    }
}
