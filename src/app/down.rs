//! `labctl down`: takes the lab away and proves it.

use super::context::Context;
use super::exit::{Failure, code};
use super::{runs, show, signals};
use crate::cli::DownArgs;
use crate::model::run::{CancelReason, Control, StepEvent, Verb};
use crate::steps::{Left, Teardown, Writer};
use crate::support::progress::Sink;
use tokio_util::sync::CancellationToken;

/// Runs it.
pub async fn run(context: &Context, args: &DownArgs) -> Result<u8, Failure> {
    show::writable(context, "down")?;
    let setup = context.setup(None, false)?;
    let teardown = Teardown { setup, purge: args.purge };
    let planned = teardown.plan().await?;
    let what = if planned.is_empty() { "nothing of it is there".to_owned() } else { planned.join(", ") };
    if !planned.is_empty() {
        show::confirm(context, &format!("Take away lab {}: {what}?", context.global.lab))?;
    }
    let holder = Context::holder("down", &runs::new_id(Verb::Down, &context.global.lab));
    let lock = context.lock(&holder, args.wait.time()).await?;
    teardown.setup.shared.lock().await.writer = Some(Writer { holder, wait: args.wait.time() });
    let (say, mut said) = tokio::sync::mpsc::unbounded_channel();
    let printer = tokio::spawn(async move {
        while let Some(event) = said.recv().await {
            if let StepEvent::Waiting { on, last_reason } = event {
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
        let mut work = Box::pin(teardown.carry_out(&sink, &cancel));
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
    drop(lock);
    let report = match report {
        Some(Err(_)) if cancel.is_cancelled() => None,
        other => other,
    };
    let Some(report) = report else {
        show::err("stopped before the end; labctl down goes on where it stopped\n");
        return Ok(last.exit_code());
    };
    let report = report?;
    show::answer(args.output, &report, text)?;
    if report.left.is_empty() {
        return Ok(code::OK);
    }
    Err(Failure::new("LAB-LEFT-001", format!("still there: {}", report.left.join(", "))))
}

fn text(report: &Left) -> String {
    let mut text = String::new();
    for (title, lines) in
        [("removed", &report.removed), ("kept", &report.kept), ("still there", &report.left), ("not touched", &report.untouched)]
    {
        for line in lines {
            text.push_str(&format!("{title:12} {line}\n"));
        }
    }
    if report.removed.is_empty() {
        text.push_str("there was nothing of this lab\n");
    } else if report.left.is_empty() {
        text.push_str("looked again: nothing of this lab is left\n");
    }
    text
}
