//! The draft, and its regions written anew. A person's text is never touched; a region that a person has changed is kept, and what would stand there is shown.

use super::entries::{Entry, entries};
use super::facts::{Facts, Incident};
use super::region::{AutoError, regions, written};
use crate::model::run::{At, brief_time};
use std::fmt::Write;

/// The regions, by name, with whether they are in front matter.
const REGIONS: [(&str, bool); 4] = [("facts", true), ("times", false), ("score", false), ("timeline", false)];

/// Within a table cell.
pub fn cell(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|").replace('\n', " ")
}

/// From the start, with its sign.
pub fn offset(base: At, at: At) -> String {
    if at >= base { format!("+{}", brief_time(at.millis_since(base))) } else { format!("-{}", brief_time(base.millis_since(at))) }
}

/// The content of a region.
fn content(name: &str, facts: &Facts) -> String {
    match name {
        "facts" => front(facts),
        "times" => times(facts),
        "score" => score(facts),
        _ => timeline(facts, &entries(facts)),
    }
}

fn front(facts: &Facts) -> String {
    let mut text = String::new();
    let runs = facts.all.iter().map(|run| format!("\"{run}\"")).collect::<Vec<_>>().join(", ");
    let _infallible = writeln!(text, "runs: [{runs}]");
    let _infallible = writeln!(text, "started: {{at: \"{}\", source: \"{}\"}}", facts.started.0, facts.started.1);
    text.push_str("times:\n");
    for Incident { name, moments, lengths, .. } in &facts.incidents {
        for (what, at, source) in moments {
            let value = at.map_or_else(|| "unknown: true".to_owned(), |at| format!("at: \"{at}\""));
            let _infallible = writeln!(text, "  - {{act: \"{name}\", what: {what}, {value}, source: \"{source}\"}}");
        }
        for (what, ms, source) in lengths {
            let value = ms.map_or_else(|| "unknown: true".to_owned(), |ms| format!("ms: {ms}"));
            let _infallible = writeln!(text, "  - {{act: \"{name}\", what: {what}, {value}, source: \"{source}\"}}");
        }
    }
    text.push_str("evidence:\n");
    for run in &facts.all {
        let source = format!("{run}/manifest.sha256");
        let sum = crate::support::digest::sha256_file(&facts.runs.join(&source)).unwrap_or_else(|_| "missing".to_owned());
        let _infallible = writeln!(text, "  - {{sha256: \"{sum}\", source: \"{source}\"}}");
    }
    text
}

fn times(facts: &Facts) -> String {
    let mut text = String::from("| act | what | value | evidence |\n| --- | --- | --- | --- |\n");
    for Incident { name, moments, lengths, .. } in &facts.incidents {
        for (what, at, source) in moments {
            let value = at.map_or_else(|| "unknown".to_owned(), |at| at.to_string());
            let _infallible = writeln!(text, "| {} | {what} | {value} | `{source}` |", cell(name));
        }
        for (what, ms, source) in lengths {
            let value = ms.map_or_else(|| "unknown".to_owned(), brief_time);
            let _infallible = writeln!(text, "| {} | {what} | {value} | `{source}` |", cell(name));
        }
    }
    text
}

fn score(facts: &Facts) -> String {
    let Some(day) = &facts.day else { return "This was a drill and no game day: it has no goals.\n".to_owned() };
    let run = &facts.run;
    let mut text = String::from("| act | goal | met | seen | evidence |\n| --- | --- | --- | --- | --- |\n");
    for (at, act) in day.acts.iter().enumerate() {
        for (index, goal) in act.goals.iter().enumerate() {
            let reference = format!("{run}/result.json#/acts/{at}/goals/{index}");
            let row = [cell(&act.name), cell(&goal.goal), met(goal.met).to_owned(), cell(&goal.seen)].join(" | ");
            let _infallible = writeln!(text, "| {row} | `{reference}` |");
        }
    }
    let _infallible = writeln!(text, "| all | goals met | {} | – | `{run}/result.json#/met` |", day.met);
    let _infallible = writeln!(text, "| all | goals there were | {} | – | `{run}/result.json#/of` |", day.of);
    text
}

/// Whether a goal was met, in a word.
pub fn met(met: Option<bool>) -> &'static str {
    match met {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unknown",
    }
}

/// A line of the timeline.
pub fn row(base: At, entry: &Entry) -> String {
    let Entry { at, source, text, reference } = entry;
    format!("| {at} | {} | {source} | {} | `{reference}` |", offset(base, *at), cell(text))
}

fn timeline(facts: &Facts, entries: &[Entry]) -> String {
    let (base, reference) = &facts.started;
    let mut text = String::from("| UTC | offset | source | event | evidence |\n| --- | --- | --- | --- | --- |\n");
    let _infallible = writeln!(text, "| {base} | +0s | labctl | the run begins | `{reference}` |");
    for entry in entries {
        let _infallible = writeln!(text, "{}", row(*base, entry));
    }
    text
}

/// The whole file, for people to finish.
pub fn draft(facts: &Facts) -> String {
    let date: String = facts.started.0.to_string().chars().take(10).collect();
    let region = |name: &str, yaml| written(name, &content(name, facts), yaml);
    let what = if facts.day.is_some() { "game day" } else { "drill" };
    let acts = facts.incidents.iter().map(|one| format!("- **{}**: scenario `{}`", one.name, one.scenario)).collect::<Vec<_>>().join("\n");
    format!(
        "---\nid: {date}-{slug}\ntitle: {title}\nstatus: draft\nseverity: SEV4\nauthors: []\n{facts}---\n# {title}\n\n\
         Everything between marks `labctl:auto` is written by labctl from the evidence of the runs, and each number of it can be found there by the reference beside it.\n\
         `labctl postmortem refresh` writes it anew, `labctl postmortem lint` checks it; all else is for people and never touched.\n\n\
         ## Summary\n\nA {what} on purpose, in a lab:\n\n{acts}\n\n\
         ## Impact\n\n<!-- Whom did it hurt, and how much? -->\n\n\
         ## Root Causes\n\n<!-- Why could it happen? Of a fault made on purpose: why did it have the effect it had? -->\n\n\
         ## Trigger\n\n<!-- What set it off? -->\n\n\
         ## Detection\n\n<!-- Who saw it first, and where? -->\n\n{times}\n\
         ## Resolution\n\n<!-- What put it right? -->\n\n{score}\n\
         ## What surprised us\n\n<!-- Answers to the questions of the game day are in the timeline, as notes. -->\n\n\
         ## Action Items\n\n| action | owner | due |\n| --- | --- | --- |\n\n\
         ## Lessons\n\n### What went well\n\n### What went wrong\n\n### Where we got lucky\n\n\
         ## Timeline\n\nTimes are those of the host that ran labctl; those of alerts are Prometheus', of Kubernetes its API server's.\n\n{timeline}",
        slug = facts.slug,
        title = facts.title,
        facts = region("facts", true),
        times = region("times", false),
        score = region("score", false),
        timeline = region("timeline", false),
    )
}

/// A file whose regions were written anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refreshed {
    /// The file.
    pub text: String,
    /// Regions that were written.
    pub written: Vec<String>,
    /// Regions that a person has changed, with what would stand there.
    pub kept: Vec<(String, String)>,
}

/// Writes the regions of a file anew.
pub fn refresh(text: &str, facts: &Facts) -> Result<Refreshed, AutoError> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut out = Refreshed { text: String::new(), written: Vec::new(), kept: Vec::new() };
    let mut next = 0;
    for region in regions(text)? {
        let Some((name, yaml)) = REGIONS.into_iter().find(|(name, _)| *name == region.name) else {
            return Err(AutoError(format!("there is no region {}; known are facts, times, score, timeline", region.name)));
        };
        let new = content(name, facts);
        // the line that opens it, and the one that closes it
        let (open, close) = (region.lines.start.saturating_sub(1), region.lines.end + 1);
        out.text.push_str(&lines.get(next..open).unwrap_or_default().concat());
        if region.is_edited() && region.text != new {
            out.text.push_str(&lines.get(open..close).unwrap_or_default().concat());
            out.kept.push((region.name, new));
        } else {
            out.text.push_str(&written(name, &new, yaml));
            out.written.push(region.name);
        }
        next = close;
    }
    out.text.push_str(&lines.get(next..).unwrap_or_default().concat());
    Ok(out)
}
