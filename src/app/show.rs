//! Answers on standard output, as a table, JSON or YAML; questions and errors on standard error.

use super::context::Context;
use super::exit::Failure;
use crate::cli::Format;
use serde::Serialize;
use std::io::Write;
use std::sync::Mutex;

/// Writes to standard output; a reader that went away (`| head`) is no error.
pub fn out(text: &str) {
    let _gone = std::io::stdout().lock().write_all(text.as_bytes());
}

/// What is to be written to standard error once the terminal app has closed; none while it is not open.
static HELD: Mutex<Option<String>> = Mutex::new(None);

/// Writes to standard error; while the terminal app has the terminal, after it.
pub fn err(text: &str) {
    if let Ok(mut held) = HELD.lock()
        && let Some(held) = held.as_mut()
    {
        held.push_str(text);
        return;
    }
    let _gone = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Keeps what [`err`] is given until it is dropped: a line written beside the terminal app would spoil its picture.
#[derive(Debug)]
pub struct Hold(());

impl Hold {
    /// From now on.
    pub fn begin() -> Self {
        if let Ok(mut held) = HELD.lock() {
            held.get_or_insert_default();
        }
        Self(())
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let text = HELD.lock().ok().and_then(|mut held| held.take()).unwrap_or_default();
        err(&text);
    }
}

/// Shows `value` in the format asked for; `table` makes the text for people.
pub fn answer<T: Serialize>(format: Format, value: &T, table: impl FnOnce(&T) -> String) -> Result<(), Failure> {
    let bug = |error: String| Failure::new("LAB-BUG", error);
    let text = match format {
        Format::Table => table(value),
        Format::Json => serde_json::to_string_pretty(value).map_err(|error| bug(error.to_string()))? + "\n",
        Format::Yaml => serde_saphyr::to_string(value).map_err(|error| bug(error.to_string()))?,
    };
    out(&text);
    Ok(())
}

/// Rows as aligned columns, headings first.
pub fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = headings.iter().map(|heading| heading.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: Vec<&str>| {
        let padded: Vec<String> = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        padded.join("  ").trim_end().to_owned() + "\n"
    };
    let mut text = line(headings.to_vec());
    for row in rows {
        text.push_str(&line(row.iter().map(String::as_str).collect()));
    }
    text
}

/// Asks, with No as the answer that stands; `--yes` answers yes.
pub fn confirm(context: &Context, question: &str) -> Result<(), Failure> {
    if context.global.yes {
        return Ok(());
    }
    if !context.terminal.input || !context.terminal.err {
        return Err(Failure::new("LAB-REFUSED-001", format!("{question} Nobody is there to ask: give --yes")));
    }
    err(&format!("{question} [y/N] "));
    let mut line = String::new();
    let _read = std::io::stdin().read_line(&mut line);
    if matches!(line.trim(), "y" | "Y" | "yes") {
        Ok(())
    } else {
        Err(Failure::new("LAB-REFUSED-001", "not confirmed, nothing was changed"))
    }
}

/// Stops what `--read-only` forbids.
pub fn writable(context: &Context, verb: &str) -> Result<(), Failure> {
    if context.global.read_only {
        return Err(Failure::new("LAB-REFUSED-002", format!("`labctl {verb}` changes things and --read-only is set")));
    }
    Ok(())
}
