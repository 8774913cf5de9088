//! Keeps measured figures in docs/benchmarks.md: a rig replaces its own lines and leaves the rest.

use std::path::Path;
use time::OffsetDateTime;

/// One line of the table.
#[derive(Debug, Clone)]
pub struct Figure {
    pub what: String,
    pub measured: String,
    pub must: String,
    /// Both raw numbers and whatever one has to know of the run.
    pub raw: String,
}

/// Writes the figures of rig `id`, with today's date.
pub fn keep(id: &str, figures: &[Figure]) -> std::io::Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/benchmarks.md");
    let today = OffsetDateTime::now_utc().date();
    let text = std::fs::read_to_string(&path)?;
    std::fs::write(path, with(&text, id, &today.to_string(), figures))
}

fn with(text: &str, id: &str, today: &str, figures: &[Figure]) -> String {
    let id_of = |line: &str| line.strip_prefix("| ").and_then(|rest| rest.split(" |").next()).unwrap_or_default().to_owned();
    let is_row = |line: &str| line.starts_with("| ") && !matches!(id_of(line).as_str(), "id" | "---");
    let number = |id: &str| id.trim_start_matches(|c: char| !c.is_ascii_digit()).parse::<u32>().unwrap_or(u32::MAX);
    let fresh = figures.iter().map(|figure| {
        format!("| {id} | {} | {} | {} | {today} | {} |", figure.what, figure.measured, figure.must, figure.raw).replace('\n', " ")
    });
    let mut lines: Vec<String> = text.lines().filter(|line| !(is_row(line) && id_of(line) == id)).map(str::to_owned).collect();
    let before = |line: &String| is_row(line) && number(&id_of(line)) < number(id);
    let head = lines.iter().position(|line| line.starts_with("| ---")).unwrap_or(lines.len().saturating_sub(1));
    let at = lines.iter().rposition(before).unwrap_or(head) + 1;
    lines.splice(at..at, fresh);
    lines.join("\n") + "\n"
}
