//! Step: one act. A drill is begun at a moment that was drawn, the pager is watched, whoever responds is waited for, and each moment is written down as it
//! is seen.

use super::child::{self, Running};
use super::day::{Day, moment};
use super::{evidence, pager};
use crate::adapters::alertmanager::Alert;
use crate::catalog;
use crate::engine::journal::list_runs;
use crate::engine::step::{Cx, Observed, Step, StepError};
use crate::model::gameday::{Act, PromptAt};
use crate::model::run::{At, CancelReason, Control, Event, EventKind, FinishedAs, Moment, RunId, StepEvent, Verb};
use crate::model::runbook::{Outcome, RunbookResult};
use crate::model::scenario::{DrillResult, Rollback};
use crate::respond::runbook;
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior};

/// The pause between two looks at the pager.
const LOOK: Duration = Duration::from_secs(1);
/// How long the pager may be away before a line says so.
const AWAY: u32 = 5;

/// One act.
pub struct ActStep {
    /// The game day.
    pub day: Arc<Day>,
    /// Which act.
    pub at: usize,
}

/// What has become of the act so far.
#[derive(Default)]
struct Acting {
    /// What fired before it.
    before: Vec<BTreeMap<String, String>>,
    injected: Option<At>,
    /// The alert that rang.
    alert: Option<Alert>,
    acknowledged: bool,
    mitigated: bool,
    /// Whoever responds is at it, and is waited for.
    responder: Option<JoinHandle<Result<RunbookResult, String>>>,
    /// The run of the runbook that is carried out.
    runbook: Option<RunId>,
    /// Other alerts that rang, each told of once.
    others: BTreeSet<String>,
    /// How often in a row the pager could not be asked, and how often none of the expected alerts rang.
    away: u32,
    quiet: u32,
}

#[async_trait]
impl Step for ActStep {
    async fn observe(&self, _cx: &Cx) -> Result<Observed, StepError> {
        Ok(Observed::Needed(String::new()))
    }

    async fn apply(&self, cx: &Cx) -> Result<String, StepError> {
        let broken = |why: String| StepError::new("LAB-GAMEDAY-003", why);
        let day = &self.day;
        let (act, drawn, scenario) = day.act(self.at).ok_or_else(|| broken("there is no such act".to_owned()))?;
        let before = pager::firing(&day.ground.prober).await.map_err(|why| broken(format!("the pager cannot be asked: {why}")))?;
        let mut acting = Acting { before: before.into_iter().map(|alert| alert.labels).collect(), ..Acting::default() };
        let id = day.child(&act.name);
        moment(&cx.sink, &act.name, Moment::Begun, format!("run {id}"), Some(&id));
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(drawn.delay_ms)) => {}
            () = cx.cancel.cancelled() => return Err(StepError::new("LAB-CANCELLED", "asked to end before anything was done")),
        }
        let running = child::begin(day, id, scenario).map_err(broken)?;
        let result = self.watch(act, running, &mut acting, cx).await.map_err(broken)?;
        // whoever is still at it finds a lab that was taken back, and may say so
        if let Some(responder) = acting.responder.take() {
            responded(act, responder.await, &mut acting, None, cx);
        }
        ask(act, PromptAt::End, cx);
        moment(&cx.sink, &act.name, Moment::Ended, format!("run {}", result.run), Some(&result.run));
        said(&result)
    }
}

/// What the drill means for the acts after it.
fn said(result: &DrillResult) -> Result<String, StepError> {
    let text = format!("{}, rollback {}: {}", result.verdict, result.rollback, result.why);
    match result.exit_code {
        20 if result.rollback == Rollback::Failed => Err(StepError::new("LAB-DRILL-005", text)),
        20 => Err(StepError::new("LAB-DRILL-006", text)),
        12 => Err(StepError::new("LAB-DRILL-002", text)),
        13 | 14 => Err(StepError::new("LAB-DRILL-009", text)),
        _ => Ok(text),
    }
}

impl ActStep {
    /// From the first event of the drill to its last.
    async fn watch(&self, act: &Act, mut running: Running, acting: &mut Acting, cx: &Cx) -> Result<DrillResult, String> {
        let mut ticks = tokio::time::interval_at(Instant::now() + LOOK, LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told = false;
        loop {
            tokio::select! {
                biased;
                event = running.events.recv() => match event {
                    Some(event) => self.hear(act, &event, acting, cx),
                    None => break,
                },
                () = cx.cancel.cancelled(), if !told => {
                    told = true;
                    let _over = running.steer.send(Control::Cancel { why: CancelReason::Requested }).await;
                }
                ended = async { match &mut acting.responder { Some(task) => task.await, None => std::future::pending().await } } => {
                    acting.responder = None;
                    responded(act, ended, acting, Some(&running), cx);
                }
                _ = ticks.tick() => self.look(act, &running, acting, cx).await,
            }
        }
        running.end(&self.day).await
    }

    /// What the drill says of itself.
    fn hear(&self, act: &Act, event: &Event, acting: &mut Acting, cx: &Cx) {
        let told = |kind, what: &str| {
            moment(&cx.sink, &act.name, kind, format!("{what}, event {} of run {}", event.seq, event.run), Some(&event.run));
        };
        match &event.event {
            EventKind::Step { says: StepEvent::Applied { .. }, .. } if acting.injected.is_none() => {
                acting.injected = Some(event.at);
                told(Moment::Injected, "the fault was made");
            }
            EventKind::StepFinished { step, result: FinishedAs::Changed { .. } }
                if step.0 == "rollback" && acting.injected.is_some() && !acting.mitigated =>
            {
                acting.mitigated = true;
                told(Moment::Mitigated, "the drill took it back itself");
            }
            EventKind::StepFinished { step, result: FinishedAs::Changed { .. } } if step.0 == "recover" => {
                told(Moment::Resolved, "the steady state holds again");
            }
            EventKind::StepStarted { step } if !self.day.day.rules.hide_injects => cx.sink.line(format!("drill: {step}")),
            _ => {}
        }
    }

    /// One look at the pager and at those who respond.
    async fn look(&self, act: &Act, running: &Running, acting: &mut Acting, cx: &Cx) {
        let Some(expected) = act.expect.detected_by.as_ref().filter(|_| acting.injected.is_some()) else { return };
        let now = match pager::firing(&self.day.ground.prober).await {
            Ok(now) => now,
            Err(why) => {
                acting.away += 1;
                if acting.away == AWAY {
                    cx.sink.line(format!("the pager cannot be asked: {why}"));
                }
                return;
            }
        };
        acting.away = 0;
        let (ours, others): (Vec<&Alert>, Vec<&Alert>) =
            pager::new(&now, &acting.before).into_iter().partition(|alert| expected.alerts.iter().any(|name| name == pager::name(alert)));
        for other in others {
            if acting.others.insert(pager::name(other).to_owned()) {
                cx.sink.line(format!("alert {} fires as well", pager::name(other)));
            }
        }
        acting.quiet = if ours.is_empty() { acting.quiet + 1 } else { 0 };
        if acting.alert.is_none()
            && let Some(alert) = ours.first()
        {
            let source = format!("alert {}, which Prometheus saw begin {}", pager::name(alert), alert.starts_at);
            moment(&cx.sink, &act.name, Moment::Detected, source, None);
            acting.alert = Some((*alert).clone());
            ask(act, PromptAt::Detected, cx);
            if self.day.headless {
                self.respond(act, acting, cx);
            }
        }
        if acting.alert.is_some() && !self.day.headless {
            self.person(act, running, acting, cx);
        }
        if acting.alert.is_some() && !acting.mitigated && acting.quiet >= 2 {
            acting.mitigated = true;
            moment(&cx.sink, &act.name, Moment::Mitigated, "the pager is quiet again", None);
            running.drill.enough.cancel();
        }
    }

    /// labctl takes a person's place: the runbook that the alert leads to.
    fn respond(&self, act: &Act, acting: &mut Acting, cx: &Cx) {
        let Some(name) = acting.alert.as_ref().and_then(pager::runbook) else {
            cx.sink.line("the alert leads to no runbook, so nobody responds");
            return;
        };
        match catalog::runbook(&self.day.files, name) {
            Ok(page) if !page.shipped => {
                cx.sink.line(format!("runbook {name} is not as labctl ships it, so it is not carried out by itself"));
            }
            Ok(page) => {
                let id = self.day.child(&page.name);
                moment(&cx.sink, &act.name, Moment::Acknowledged, format!("runbook {name} was begun, run {id}"), Some(&id));
                acting.acknowledged = true;
                acting.runbook = Some(id.clone());
                let day = Arc::clone(&self.day);
                acting.responder = Some(tokio::spawn(async move { child::carry(&day, id, page).await }));
            }
            Err(error) => cx.sink.line(format!("the alert's runbook cannot be read: {error}")),
        }
    }

    /// A person takes the pager by `labctl gameday ack`, or by beginning a runbook.
    fn person(&self, act: &Act, running: &Running, acting: &mut Acting, cx: &Cx) {
        if !acting.acknowledged
            && let Some(who) = evidence::acknowledged(&self.day.folder(), &act.name)
        {
            acting.acknowledged = true;
            moment(&cx.sink, &act.name, Moment::Acknowledged, who, None);
        }
        let since = acting.injected.unwrap_or_else(|| self.day.now());
        let heads = list_runs(&self.day.runs).unwrap_or_default();
        let Some(head) = heads.into_iter().find(|head| head.verb == Verb::Runbook && head.started >= since) else { return };
        if !acting.acknowledged {
            acting.acknowledged = true;
            moment(&cx.sink, &act.name, Moment::Acknowledged, format!("a runbook was begun, run {}", head.run), Some(&head.run));
        } else if acting.runbook.is_none() {
            cx.sink.line(format!("a runbook was begun, run {}", head.run));
        }
        acting.runbook.get_or_insert_with(|| head.run.clone());
        let result = head.journal.parent().and_then(|folder| runbook::read_result(folder).ok()?);
        if let Some(result) = result.filter(|result| result.result == Outcome::Resolved && !result.only_looked) {
            verified(act, &result, acting, Some(running), cx);
        }
    }
}

/// A responder has come to an end.
fn responded(
    act: &Act,
    ended: Result<Result<RunbookResult, String>, tokio::task::JoinError>,
    acting: &mut Acting,
    running: Option<&Running>,
    cx: &Cx,
) {
    match ended {
        Ok(Ok(result)) => {
            cx.sink.line(format!("runbook {}: {}: {}", result.runbook, result.result, result.why));
            if result.result == Outcome::Resolved {
                verified(act, &result, acting, running, cx);
            }
        }
        Ok(Err(why)) => cx.sink.line(format!("the runbook could not be carried out: {why}")),
        Err(error) => cx.sink.line(format!("the runbook broke down: {error}")),
    }
}

/// What a runbook has put right needs no more time.
fn verified(act: &Act, result: &RunbookResult, acting: &mut Acting, running: Option<&Running>, cx: &Cx) {
    if acting.mitigated {
        return;
    }
    acting.mitigated = true;
    moment(
        &cx.sink,
        &act.name,
        Moment::Mitigated,
        format!("Verify of runbook {} holds, run {}", result.runbook, result.run),
        Some(&result.run),
    );
    if let Some(running) = running {
        running.drill.enough.cancel();
    }
}

/// Questions to people. Answers are notes of the run.
fn ask(act: &Act, at: PromptAt, cx: &Cx) {
    for prompt in act.prompts.iter().filter(|prompt| prompt.at == at) {
        cx.sink.waiting(format!("an answer to \"{}\"", prompt.ask), format!("labctl run note \"{}: …\"", prompt.field));
    }
}
