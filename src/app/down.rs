//! `labctl down`: takes the lab away and proves it.

use super::context::Context;
use super::exit::{Failure, code};
use super::{runs, show, signals};
use crate::cli::DownArgs;
use crate::model::run::{CancelReason, Control, StepEvent, Verb};
use crate::steps::{Left, Teardown, Writer};
use crate::support::progress::Sink;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Runs it.
pub async fn run(context: &Context, args: &DownArgs) -> Result<u8, Failure> {
    show::writable(context, "down")?;
    let planned = planned(context, args.purge).await?;
    let what = if planned.is_empty() { "nothing of it is there".to_owned() } else { planned.join(", ") };
    if !planned.is_empty() {
        show::confirm(context, &format!("Take away lab {}: {what}?", context.global.lab))?;
    }
    let (say, mut said) = tokio::sync::mpsc::unbounded_channel();
    let printer = tokio::spawn(async move {
        while let Some(event) = said.recv().await {
            if let StepEvent::Waiting { on, last_reason, .. } = event {
                let why = if last_reason.is_empty() { String::new() } else { format!(" ({last_reason})") };
                show::err(&format!("waiting for {on}{why}\n"));
            }
        }
    });
    let sink = Sink::new(say);
    let (say, mut control) = signals::controls();
    let last = signals::watch(say, false).map_err(|error| Failure::new("LAB-BUG", error.to_string()))?;
    let cancel = CancellationToken::new();
    let report = {
        let mut work = Box::pin(carry_out(context, args.wait.time(), args.purge, &sink, &cancel));
        loop {
            tokio::select! {
                report = &mut work => break Some(report),
                asked = control.recv() => match asked {
                    Some(Control::Cancel { why: CancelReason::Requested }) => {
                        show::err("stopping; once more stops at once\n");
                        cancel.cancel();
                    }
                    _ => break None,
                },
            }
        }
    };
    drop(sink);
    let _done = printer.await;
    let report = match report {
        None => None,
        Some(Err(_)) if cancel.is_cancelled() => None,
        Some(report) => Some(report?),
    };
    let Some(report) = report else {
        show::err(&format!("{}\n", stopped().message));
        return Ok(last.exit_code());
    };
    show::answer(args.output, &report, |report| lines(report).into_iter().map(|line| line + "\n").collect())?;
    if report.left.is_empty() {
        return Ok(code::OK);
    }
    Err(Failure::new("LAB-LEFT-001", format!("still there: {}", report.left.join(", "))))
}

/// What would be taken away, in words.
pub async fn planned(context: &Context, purge: bool) -> Result<Vec<String>, Failure> {
    Ok(Teardown { setup: context.setup(None, false)?, purge }.plan().await?)
}

/// Takes it away, once no other labctl works on the lab; waits for that as long as `waits`.
pub async fn carry_out(
    context: &Context,
    waits: Option<Duration>,
    purge: bool,
    sink: &Sink,
    cancel: &CancellationToken,
) -> Result<Left, Failure> {
    let teardown = Teardown { setup: context.setup(None, false)?, purge };
    let holder = Context::holder("down", &runs::new_id(Verb::Down, &context.global.lab));
    let _lock = context.lock(&holder, waits).await?;
    teardown.setup.shared.lock().await.writer = Some(Writer { holder, wait: waits });
    Ok(teardown.carry_out(sink, cancel).await?)
}

/// What is said of one that was ended.
pub fn stopped() -> Failure {
    Failure::new("LAB-CANCELLED", "stopped before the end; labctl down goes on where it stopped")
}

/// What came of it, a line each.
pub fn lines(report: &Left) -> Vec<String> {
    let mut all = Vec::new();
    for (title, lines) in
        [("removed", &report.removed), ("kept", &report.kept), ("still there", &report.left), ("not touched", &report.untouched)]
    {
        all.extend(lines.iter().map(|line| format!("{title:12} {line}")));
    }
    if report.removed.is_empty() {
        all.push("there was nothing of this lab".to_owned());
    } else if report.left.is_empty() {
        all.push("looked again: nothing of this lab is left".to_owned());
    }
    all
}
