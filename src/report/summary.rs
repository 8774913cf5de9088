//! The end of a run as text, worked out from the fold and nothing else.

use super::left_out::left_out;
use super::paint::Paint;
use crate::model::run::{FinishedAs, RunState, Standing, StepState, brief_time};
use std::io::{self, Write};

/// Writes what came of the run: what is ready, what failed with its cause and fix, what to open, and where the time went.
pub fn summarize(state: &RunState, paint: Paint, to: &mut dyn Write) -> io::Result<()> {
    let counts = state.counts();
    let elapsed = state.last.map_or(0, |last| state.elapsed_ms(last));
    let word = match &state.summary {
        None => paint.warn("unfinished"),
        Some(summary) if summary.ok => paint.standing(Standing::Ready, "ready"),
        Some(summary) if summary.cancelled => paint.warn("cancelled"),
        Some(_) => paint.bad("failed"),
    };
    writeln!(to, "{} {word}: {} of {} ready in {}", paint.bold(&state.lab), counts.ready, counts.total(), brief_time(elapsed))?;
    let changed = state.steps.iter().filter(|step| matches!(step.result, Some(FinishedAs::Changed { .. }))).count();
    let mut figures = vec![format!("{changed} changed"), format!("{} unchanged", counts.ready as usize - changed)];
    for (count, word) in [(counts.failed, "failed"), (counts.skipped, "left out"), (counts.cancelled, "cancelled")] {
        if count > 0 {
            figures.push(format!("{count} {word}"));
        }
    }
    writeln!(to, "  {}", figures.join(", "))?;
    troubles(state, paint, to)?;
    let summary = state.summary.as_ref();
    section(to, paint, "open", summary.map(|summary| summary.urls.as_slice()).unwrap_or_default())?;
    let phases: Vec<_> = state.phases().into_iter().map(|(name, took)| (name, brief_time(took))).collect();
    section(to, paint, "time", &phases)?;
    let path: Vec<String> = state.critical_path().iter().filter_map(|id| state.step(id)).map(timed).collect();
    if path.len() > 1 {
        writeln!(to, "{}\n  {}", paint.bold("critical path"), path.join(" → "))?;
    }
    Ok(())
}

fn timed(step: &StepState) -> String {
    let took = step.ended.and_then(|ended| step.took_ms(ended)).unwrap_or(0);
    format!("{} {}", step.plan.title, brief_time(took))
}

fn troubles(state: &RunState, paint: Paint, to: &mut dyn Write) -> io::Result<()> {
    for step in &state.steps {
        let glyph = paint.standing(step.standing, &step.standing.glyph().to_string());
        if let Some((error, code)) = step.failure() {
            writeln!(to, "{glyph} {}: {error} [{code}]", step.plan.title)?;
            for cause in &step.causes {
                writeln!(to, "  cause: {} [{}]", cause.sentence, cause.id)?;
                if !cause.fix.is_empty() {
                    writeln!(to, "  fix:   {}", cause.fix)?;
                }
            }
        }
        if let Some((error, code)) = &step.undo_failed {
            writeln!(to, "{} {}: not taken back: {error} [{code}]", paint.bad("✗"), step.plan.title)?;
        }
    }
    for group in left_out(state, &state.steps) {
        writeln!(to, "{} {}", paint.standing(Standing::Skipped, &Standing::Skipped.glyph().to_string()), group.sentence())?;
    }
    Ok(())
}

fn section(to: &mut dyn Write, paint: Paint, title: &str, rows: &[(String, String)]) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(to, "{}", paint.bold(title))?;
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, value) in rows {
        writeln!(to, "  {name:<width$}  {value}")?;
    }
    Ok(())
}
