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

/// Rounds of a figure that is kept.
pub const ROUNDS: usize = 5;

/// How many rounds to run: fewer for a quick look, which keeps no figures.
pub fn rounds() -> usize {
    std::env::var("LABCTL_RIG_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS).max(1)
}

/// Writes the figures of rig `id`, with today's date and how busy the machine was.
pub fn keep(id: &str, figures: &[Figure]) -> std::io::Result<()> {
    if rounds() != ROUNDS {
        return Ok(());
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/benchmarks.md");
    let today = OffsetDateTime::now_utc().date();
    let text = std::fs::read_to_string(&path)?;
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().filter(|load| !load.is_empty()).map(|load| format!("load average {load} at the end"));
    let figures: Vec<Figure> = figures
        .iter()
        .cloned()
        .map(|mut figure| {
            figure.raw =
                [Some(figure.raw).filter(|raw| !raw.is_empty()), load.clone()].into_iter().flatten().collect::<Vec<_>>().join("; ");
            figure
        })
        .collect();
    std::fs::write(path, with(&text, id, &today.to_string(), &figures))
}

fn with(text: &str, id: &str, today: &str, figures: &[Figure]) -> String {
    let id_of = |line: &str| line.strip_prefix("| ").and_then(|rest| rest.split(" |").next()).unwrap_or_default().to_owned();
    let is_row = |line: &str| line.starts_with("| ") && !matches!(id_of(line).as_str(), "id" | "---");
    let number = |id: &str| id.trim_start_matches(|c: char| !c.is_ascii_digit()).parse::<u32>().unwrap_or(u32::MAX);
    let fresh = figures.iter().map(|figure| {
        format!("| {id} | {} | {} | {} | {today} | {} |", figure.what, figure.measured, figure.must, figure.raw).replace('\n', " ")
    });
    let mut lines: Vec<String> = text.lines().filter(|line| !(is_row(line) && id_of(line) == id)).map(str::to_owned).collect();
    // figures of speed and of reliability have a table each
    let before = |line: &String| is_row(line) && id_of(line).starts_with('R') == id.starts_with('R') && number(&id_of(line)) < number(id);
    let head = lines.iter().position(|line| line.starts_with("| ---")).unwrap_or(lines.len().saturating_sub(1));
    let at = lines.iter().rposition(before).unwrap_or(head) + 1;
    lines.splice(at..at, fresh);
    lines.join("\n") + "\n"
}
