//! `labctl run cancel`, `retry`, `skip`, `pause`, `resume`, `note`: what a person asks of a run that another process is doing.

use super::attach;
use super::context::Context;
use super::exit::{Failure, code};
use super::{runs, show};
use crate::cli::{AtWork, SteerVerb};
use crate::engine::attach::Told;
use crate::model::run::{CancelReason, ClientHello, Control, RunState, ServerLine, Standing, StepId};
use std::time::Duration;

/// A run takes what it is asked for at once, unless its process is stopped.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs it.
pub async fn run(context: &Context, verb: &SteerVerb) -> Result<u8, Failure> {
    let (name, at_work) = match verb {
        SteerVerb::Cancel { at_work, .. } => ("cancel", at_work),
        SteerVerb::Retry { at_work, .. } => ("retry", at_work),
        SteerVerb::Skip { at_work, .. } => ("skip", at_work),
        SteerVerb::Pause(at_work) => ("pause", at_work),
        SteerVerb::Resume(at_work) => ("resume", at_work),
        SteerVerb::Note { at_work, .. } => ("note", at_work),
    };
    show::writable(context, &format!("run {name}"))?;
    let AtWork { run } = at_work;
    let head = attach::at_work(context, run.as_deref())?;
    let control = control(verb, &runs::read(&head.journal)?.state())?;
    // Only the answer matters here: no event is that new.
    let hello = ClientHello { after: u64::MAX, ..ClientHello::new(false) };
    let (mut attached, mut steering) = attach::connect(&head, &hello).await?;
    let cannot = |why: String| Failure::new("LAB-ATTACH-002", format!("run {} did not take it: {why}", head.run));
    steering.send(&control).await.map_err(|error| cannot(error.to_string()))?;
    let answer = async {
        loop {
            match attached.next().await.map_err(|error| cannot(error.to_string()))? {
                Some(Told::Line(ServerLine::Taken { .. })) => return Ok(()),
                Some(Told::Line(ServerLine::Refused { text, .. })) => return Err(cannot(text)),
                Some(Told::Line(ServerLine::End { .. })) | None => return Err(cannot("it has just ended".to_owned())),
                Some(_) => {}
            }
        }
    };
    tokio::time::timeout(PATIENCE, answer).await.map_err(|_| cannot("its process does not answer".to_owned()))??;
    show::err(&format!("run {} has it: {}; {} shows what comes of it\n", head.run, in_words(&control), context.typed("attach")));
    Ok(code::OK)
}

/// What is asked, if it makes sense as the run stands. What changes in between the run itself answers with a note.
fn control(verb: &SteerVerb, state: &RunState) -> Result<Control, Failure> {
    Ok(match verb {
        SteerVerb::Cancel { now, .. } => Control::Cancel { why: if *now { CancelReason::Now } else { CancelReason::Requested } },
        SteerVerb::Retry { step, .. } => {
            // Of those left out the run itself knows which can be tried again.
            let ended = |standing| matches!(standing, Standing::Failed | Standing::Skipped);
            Control::Retry { step: step_of(state, step, "failed or left out", ended)? }
        }
        SteerVerb::Skip { step, .. } => {
            let not_ended = |standing| matches!(standing, Standing::Pending | Standing::Working);
            Control::Skip { step: step_of(state, step, "still to be done", not_ended)? }
        }
        SteerVerb::Pause(_) => Control::Pause,
        SteerVerb::Resume(_) => Control::Resume,
        SteerVerb::Note { text, .. } => Control::Note { text: text.clone() },
    })
}

/// The step called `name`, or whose id ends with `/name`, if it stands as wanted.
fn step_of(state: &RunState, name: &str, wanted: &str, fits: impl Fn(Standing) -> bool) -> Result<StepId, Failure> {
    let cannot = |message: String| Failure::new("LAB-RUN-002", message);
    let ends = |id: &str| id == name || id.rsplit('/').next() == Some(name);
    let named: Vec<_> = state.steps.iter().filter(|step| ends(&step.plan.id.0)).collect();
    let Some(first) = named.first() else {
        let choice: Vec<&str> = state.steps.iter().filter(|step| fits(step.standing)).map(|step| step.plan.id.0.as_str()).collect();
        let choice = if choice.is_empty() { format!("no step is {wanted}") } else { format!("{wanted}: {}", choice.join(", ")) };
        return Err(cannot(format!("there is no step `{name}`; {choice}")));
    };
    let fitting: Vec<_> = named.iter().filter(|step| fits(step.standing)).collect();
    match fitting.as_slice() {
        [one] => Ok(one.plan.id.clone()),
        [] => Err(cannot(format!("step {} is not {wanted}: it is {}", first.plan.id, format!("{:?}", first.standing).to_lowercase()))),
        several => {
            let ids: Vec<&str> = several.iter().map(|step| step.plan.id.0.as_str()).collect();
            Err(cannot(format!("`{name}` fits several steps: {}", ids.join(", "))))
        }
    }
}

fn in_words(control: &Control) -> String {
    match control {
        Control::Cancel { why: CancelReason::Requested } => "it starts nothing new and ends its running steps".to_owned(),
        Control::Cancel { .. } => "it ends its running steps now".to_owned(),
        Control::Retry { step } => format!("{step} is tried again"),
        Control::Skip { step } => format!("{step} is left out"),
        Control::Pause => "it starts nothing new until it is told to resume".to_owned(),
        Control::Resume => "it goes on".to_owned(),
        Control::Note { .. } => "the note stands in its journal".to_owned(),
    }
}
