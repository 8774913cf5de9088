//! Step: one block. It has its turn unless another block goes past it, or one before it has stopped the page; Verify always has its turn.

use super::carry::Carrying;
use crate::adapters::process::{self, Command};
use crate::checks::{Pace, Scope};
use crate::engine::step::{Cx, Observed, Step, StepError};
use crate::model::check::{Check, Stage};
use crate::model::run::{At, Health};
use crate::model::runbook::{Block, BlockRow, Does, OnFail, Part, Stepped};
use async_trait::async_trait;
use std::ffi::OsStr;
use std::sync::Arc;

/// One block of a runbook.
pub struct BlockStep {
    /// The runbook it is of.
    pub carrying: Arc<Carrying>,
    /// Where it stands.
    pub part: Part,
    /// What is carried out.
    pub block: Block,
}

/// What a block came to.
struct Came {
    result: Stepped,
    seen: String,
    value: Option<f64>,
}

impl BlockStep {
    /// Why it is not its turn.
    fn passed_over(&self) -> Option<String> {
        let carrying = &self.carrying;
        if carrying.only_look {
            return matches!(self.block.does, Does::Shell).then(|| "it runs commands, and only what looks is carried out".to_owned());
        }
        if self.part == Part::Verify {
            return None;
        }
        let mut progress = carrying.progress();
        if let Some(why) = &progress.stopped {
            return Some(why.clone());
        }
        match progress.goes_to.take() {
            Some(next) if next == self.block.name => return None,
            Some(next) => {
                let why = format!("{next} comes next");
                progress.goes_to = Some(next);
                return Some(why);
            }
            None => {}
        }
        self.block.only_by_goto.then(|| "nothing goes to it".to_owned())
    }

    fn keep(&self, came: &Came, started: At) {
        let row = BlockRow {
            name: self.block.name.clone(),
            part: self.part,
            lang: self.block.lang,
            result: came.result,
            seen: came.seen.clone(),
            value: came.value,
            mutates: self.block.mutates,
            started,
            ended: self.carrying.now(),
        };
        let mut progress = self.carrying.progress();
        progress.rows.retain(|before| before.name != row.name);
        progress.rows.push(row);
    }

    async fn look(&self, check: &Check, cx: &Cx) -> Came {
        let prober = &self.carrying.prober;
        let prober = if check.within.is_some() { prober.clone() } else { prober.clone().with_pace(Pace::once()) };
        let scope = Scope { component: String::new(), namespace: "default".to_owned(), stage: Stage::Ready };
        let results = prober.run(&scope, std::slice::from_ref(check), &cx.sink, &cx.cancel).await;
        results.into_iter().next().map_or_else(
            || Came { result: Stepped::NoData, seen: "it was not looked at".to_owned(), value: None },
            |seen| {
                let result = match seen.health {
                    Health::Pass => Stepped::Ok,
                    Health::Fail => Stepped::Failed,
                    Health::NoData => Stepped::NoData,
                };
                Came { result, seen: seen.seen, value: seen.value }
            },
        )
    }

    async fn commands(&self, cx: &Cx) -> Came {
        let (carrying, block) = (&self.carrying, &self.block);
        let came = |result, seen: String| Came { result, seen, value: None };
        if block.mutates || !carrying.runbook.shipped {
            let what = block.confirm.clone().unwrap_or_else(|| format!("Run the commands of block {}?", block.name));
            let foreign = if carrying.runbook.shipped { "" } else { " (this page is not one that labctl ships)" };
            cx.sink.waiting("a person", format!("{what}{foreign}"));
            let said = tokio::select! {
                said = (carrying.ask)(format!("{}: {what}{foreign}", block.name)) => said,
                () = cx.cancel.cancelled() => false,
            };
            if !said {
                return came(Stepped::Refused, "it was not confirmed; nothing was done".to_owned());
            }
        }
        if block.mutates {
            let what = format!("runbook {}, block {}", carrying.runbook.name, block.name);
            if let Err(error) = cx.sink.intent(&what).await {
                return came(Stepped::Refused, error.to_string());
            }
        }
        let env = carrying.env.iter().cloned().chain(carrying.inputs.clone()).collect();
        let command = Command {
            program: OsStr::new("sh"),
            args: vec!["-eu".to_owned(), "-c".to_owned(), block.code.clone()],
            env,
            deadline: block.timeout.get(),
            fix: "runbooks need a shell",
        };
        let ran = process::run(command, &cx.sink, &cx.cancel).await;
        if block.mutates {
            cx.sink.applied(format!("runbook {}, block {}", carrying.runbook.name, block.name));
        }
        let came = match ran {
            Ok(said) => {
                let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("ended well");
                came(Stepped::Ok, crate::support::http::short(last))
            }
            Err(error @ process::ProcessError::Cancelled { .. }) => came(Stepped::NoData, error.to_string()),
            Err(error) => came(Stepped::Failed, error.to_string()),
        };
        let health = match came.result {
            Stepped::Ok => Health::Pass,
            Stepped::Failed => Health::Fail,
            _ => Health::NoData,
        };
        cx.sink.probe(&block.name, health, came.seen.clone());
        came
    }

    /// What follows from it for the blocks after it, and for this step.
    fn follow(&self, came: Came) -> Result<String, StepError> {
        let Came { result, seen, .. } = came;
        let name = &self.block.name;
        let fails = result == Stepped::Failed || result == Stepped::NoData && self.block.no_data_fails;
        match result {
            Stepped::Ok => {
                let next = self.block.on_ok.as_ref().filter(|_| !self.carrying.only_look);
                return Ok(match next {
                    Some(next) => {
                        self.carrying.progress().goes_to = Some(next.clone());
                        format!("{seen}; {next} comes next")
                    }
                    None => seen,
                });
            }
            Stepped::Skipped => return Ok(seen),
            Stepped::Refused => {
                self.carrying.progress().stopped = Some(format!("{name} was refused"));
                return Err(StepError::new("LAB-RUNBOOK-003", format!("block {name} was not carried out: {seen}")));
            }
            Stepped::NoData if self.part == Part::Verify => {
                return Err(StepError::new("LAB-RUNBOOK-002", format!("block {name} cannot be judged: {seen}")));
            }
            Stepped::NoData if !fails => return Ok(format!("no data: {seen}")),
            Stepped::NoData | Stepped::Failed => {}
        }
        if self.part != Part::Verify {
            // only looking, the page says how things are and goes nowhere
            if self.carrying.only_look {
                return Ok(format!("does not hold: {seen}"));
            }
            match &self.block.on_fail {
                OnFail::Continue => return Ok(format!("does not hold: {seen}")),
                OnFail::Goto(next) => {
                    self.carrying.progress().goes_to = Some(next.clone());
                    return Ok(format!("does not hold: {seen}; {next} comes next"));
                }
                OnFail::Stop => self.carrying.progress().stopped = Some(format!("{name} failed")),
            }
        }
        Err(StepError::new("LAB-RUNBOOK-001", format!("block {name} does not hold: {seen}")))
    }
}

#[async_trait]
impl Step for BlockStep {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        let Some(why) = self.passed_over() else { return Ok(Observed::Needed(String::new())) };
        let now = self.carrying.now();
        self.keep(&Came { result: Stepped::Skipped, seen: why.clone(), value: None }, now);
        Ok(Observed::Done(format!("skipped: {why}")))
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        let started = self.carrying.now();
        let came = match self.block.look(&self.carrying.inputs) {
            Some(check) => self.look(&check, cx).await,
            None => self.commands(cx).await,
        };
        self.keep(&came, started);
        self.follow(came)
    }

    fn acts(&self) -> bool {
        self.block.mutates
    }
}
