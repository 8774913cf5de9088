//! The one owner of a run's state: every event gets its number and time here, in the order in which it happened, and goes to the journal first.

use super::board::{Blocked, Board, Place};
use super::clock::Clock;
use super::exec::{self, Job, Outcome};
use super::journal::{JournalError, JournalWriter};
use super::outbox::Outbox;
use super::plan::{Node, Plan};
use super::run::{Ending, EngineError};
use super::slots::Slots;
use super::step::Cx;
use crate::model::run::{
    At, CancelReason, Control, Event, EventKind, FinishedAs, RunId, RunState, StepEvent, StepId, Summary, Unfinished, Verb, brief_time,
};
use crate::support::progress::{Sink, Written};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// The meaning of events as written today.
const VERSION: u32 = 1;

/// What tasks of steps tell the dispatcher.
pub(super) struct Message {
    node: usize,
    /// Tells this start of the step from earlier ones, whose late words do not count.
    attempt: u32,
    what: What,
}

enum What {
    Says(StepEvent, Option<Written>),
    Ended(Outcome),
}

/// A task at work.
struct Live {
    attempt: u32,
    /// "Come to your own end."
    cancel: CancellationToken,
    /// "End now."
    urgent: CancellationToken,
    /// Set when a person left the step out while it ran.
    skip: bool,
}

pub(super) struct Dispatcher {
    plan: Plan,
    run: RunId,
    clock: Arc<dyn Clock>,
    grace: Duration,
    state: RunState,
    board: Board,
    journal: Option<JournalWriter>,
    journal_error: Option<JournalError>,
    /// Events that are not on disk yet, and who waits for that.
    fresh: Vec<Arc<Event>>,
    unanswered: Vec<Written>,
    /// Nodes whose start is not on disk yet.
    starting: Vec<usize>,
    pub(super) outbox: Outbox,
    say: UnboundedSender<Message>,
    tasks: JoinSet<()>,
    live: Vec<Option<Live>>,
    attempts: u32,
    /// Nodes to take back, next first; set once, when all have ended.
    unwinding: Option<VecDeque<usize>>,
}

impl Dispatcher {
    #[expect(clippy::too_many_arguments, reason = "called once, right after the options are taken apart")]
    pub fn new(
        plan: Plan,
        run: RunId,
        journal: Option<JournalWriter>,
        clock: Arc<dyn Clock>,
        slots: Slots,
        grace: Duration,
        outbox: Outbox,
        say: UnboundedSender<Message>,
    ) -> Self {
        let board = Board::new(&plan, slots);
        let live = plan.nodes.iter().map(|_| None).collect();
        Self {
            plan,
            run,
            clock,
            grace,
            state: RunState::default(),
            board,
            journal,
            journal_error: None,
            fresh: Vec::new(),
            unanswered: Vec::new(),
            starting: Vec::new(),
            outbox,
            say,
            tasks: JoinSet::new(),
            live,
            attempts: 0,
            unwinding: None,
        }
    }

    /// Writes the first event. A run that cannot be written down is not begun.
    pub fn begin(&mut self, verb: Verb, lab: String) -> Result<(), JournalError> {
        let plan = self.plan.data();
        self.emit(EventKind::RunStarted { verb, lab, plan });
        self.commit();
        self.journal_error.take().map_or(Ok(()), Err)
    }

    /// Starts what can start and hands on what happened. False when nothing is left to wait for.
    pub fn go_on(&mut self) -> bool {
        loop {
            self.start_ready();
            self.commit();
            self.spawn_started();
            while self.tasks.try_join_next().is_some() {}
            if !self.board.all_ended() {
                // A journal that failed in this commit has just cancelled what waited.
                if self.fresh.is_empty() {
                    return true;
                }
            } else if !self.take_back_next() {
                return false;
            } else if self.fresh.is_empty() && self.starting.is_empty() {
                return true;
            }
        }
    }

    /// Writes the last event and sees the front end off.
    pub async fn end(mut self, finish: Box<dyn FnOnce(&RunState) -> Ending + Send>) -> Result<RunState, EngineError> {
        let lost = self.outbox.lost();
        if lost > 0 {
            self.note(format!("{lost} lines of output were not shown: the front end was too slow; the journal has them"));
        }
        let Ending { urls, exit_code, drill } = finish(&self.state);
        // The summary counts this very moment as the end.
        let at = self.now();
        self.state.last = Some(at);
        let summary = Summary { drill, ..self.state.summarize(urls, exit_code) };
        self.emit_at(at, EventKind::RunFinished { summary });
        self.commit();
        self.outbox.drain().await;
        match self.journal_error {
            None => Ok(self.state),
            Some(source) => Err(EngineError::Journal { source, state: Box::new(self.state) }),
        }
    }

    // --- what steps say

    pub fn hear(&mut self, message: Message) {
        let Message { node, attempt, what } = message;
        // Whoever still talks after its end is not heard; an intent it announces is never answered, so it cannot act on it.
        if self.live.get(node).and_then(Option::as_ref).is_none_or(|live| live.attempt != attempt) {
            return;
        }
        match what {
            What::Says(says, written) => {
                let Some(step) = self.id(node) else { return };
                self.emit(EventKind::Step { step, says });
                self.unanswered.extend(written);
            }
            What::Ended(outcome) => {
                let Some(live) = self.live.get_mut(node).and_then(Option::take) else {
                    return;
                };
                if self.unwinding.is_some() {
                    self.taken_back(node, outcome);
                } else {
                    let result = self.judge(node, &live, outcome);
                    self.finish(node, result);
                }
            }
        }
    }

    fn judge(&self, node: usize, live: &Live, outcome: Outcome) -> FinishedAs {
        let told_to_end = live.urgent.is_cancelled();
        match outcome {
            // It works, whatever was asked of it meanwhile.
            Outcome::Returned(Ok(result @ (FinishedAs::Changed { .. } | FinishedAs::Unchanged { .. }))) => result,
            Outcome::Panicked(message) => failed("LAB-STEP-PANIC", format!("the step broke: {message}; this is a bug")),
            _ if live.skip => FinishedAs::Skipped { why: "left out by a person".to_owned() },
            _ if told_to_end => FinishedAs::Cancelled,
            Outcome::Returned(Err(error)) => failed(error.code, error.message),
            Outcome::Returned(Ok(other)) => other,
            Outcome::Dropped => FinishedAs::Cancelled,
            Outcome::Deadline => failed("LAB-STEP-DEADLINE", self.late(node)),
        }
    }

    fn late(&self, node: usize) -> String {
        let deadline = self.plan.nodes.get(node).map_or(Duration::ZERO, |node| node.deadline);
        let deadline = brief_time(u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX));
        let step = self.state.steps.get(node);
        match step.and_then(|step| step.waiting.as_ref()) {
            Some(waiting) if waiting.last_reason.is_empty() => format!("not done within {deadline}; it last waited on {}", waiting.on),
            Some(waiting) => format!("not done within {deadline}; it last waited on {}: {}", waiting.on, waiting.last_reason),
            None => match step.map(|step| step.doing.as_str()).filter(|doing| !doing.is_empty()) {
                Some(doing) => format!("not done within {deadline}; it last said: {doing}"),
                None => format!("not done within {deadline}; it never said what it waited on"),
            },
        }
    }

    /// Notes the end of a step and of all that cannot run because of it.
    fn finish(&mut self, node: usize, result: FinishedAs) {
        let success = matches!(result, FinishedAs::Changed { .. } | FinishedAs::Unchanged { .. });
        let Some(step) = self.id(node) else { return };
        self.emit(EventKind::StepFinished { step, result });
        let blocked = self.board.end(node, success);
        self.leave_out(blocked);
        self.stop_what_ran_until();
    }

    fn leave_out(&mut self, blocked: Vec<Blocked>) {
        for blocked in blocked {
            let Some(step) = self.id(blocked.node) else { continue };
            let cancelled = self.state.cancelling.is_some();
            let result = if cancelled { FinishedAs::Cancelled } else { FinishedAs::Skipped { why: self.why(blocked) } };
            self.emit(EventKind::StepFinished { step, result });
        }
    }

    fn why(&self, blocked: Blocked) -> String {
        let title = |node: usize| self.plan.nodes.get(node).map_or("", |node| node.data.title.as_str());
        let failed = self.state.steps.get(blocked.root).is_some_and(|step| step.failure().is_some());
        let fate = if failed { "failed" } else { "was left out" };
        if blocked.needs == blocked.root {
            format!("needs {}, which {fate}", title(blocked.root))
        } else {
            format!("needs {}, left out because {} {fate}", title(blocked.needs), title(blocked.root))
        }
    }

    /// Tells steps that run until others end to come to their end.
    fn stop_what_ran_until(&self) {
        for (node, live) in self.live.iter().enumerate() {
            let until = self.board.until(node);
            if let Some(live) = live.as_ref().filter(|_| !until.is_empty())
                && until.iter().all(|other| matches!(self.board.place(*other), Place::Ended { .. }))
            {
                live.cancel.cancel();
            }
        }
    }

    // --- what people say

    pub fn steer(&mut self, control: Control) {
        match control {
            Control::Cancel { why } => self.cancel(why),
            Control::Retry { step } => self.retry(&step),
            Control::Skip { step } => self.skip(&step),
            Control::Pause if !self.state.paused && self.state.cancelling.is_none() => self.emit(EventKind::RunPaused),
            Control::Resume if self.state.paused => self.emit(EventKind::RunResumed),
            Control::Pause | Control::Resume => {}
            Control::Note { text } => self.note(text),
        }
    }

    fn cancel(&mut self, why: CancelReason) {
        if self.state.cancelling >= Some(why) {
            return;
        }
        self.emit(EventKind::RunCancelling { why });
        if self.state.paused {
            // What has to run whatever happened must not wait for a person who has left.
            self.emit(EventKind::RunResumed);
        }
        let abandon = why == CancelReason::Abandon;
        if abandon {
            self.tasks.abort_all();
        }
        for node in 0..self.plan.nodes.len() {
            let keep = self.board.is_finally(node) && !abandon;
            match self.board.place(node) {
                Place::Running if abandon => {
                    if let Some(live) = self.live.get_mut(node).and_then(Option::take) {
                        live.urgent.cancel();
                    }
                    self.finish(node, FinishedAs::Cancelled);
                }
                Place::Waiting if !keep => self.finish(node, FinishedAs::Cancelled),
                Place::Running if !keep && why == CancelReason::Requested && self.plan.nodes.get(node).is_some_and(|node| node.yields) => {
                    if let Some(live) = self.live.get(node).and_then(Option::as_ref) {
                        live.cancel.cancel();
                    }
                }
                Place::Running if !keep && why == CancelReason::Now => {
                    if let Some(live) = self.live.get(node).and_then(Option::as_ref) {
                        live.urgent.cancel();
                    }
                }
                _ => {}
            }
        }
        if abandon {
            self.abandon_undo();
        }
    }

    fn abandon_undo(&mut self) {
        self.live.iter_mut().for_each(|live| *live = None);
        self.unwinding = Some(VecDeque::new());
        self.starting.clear();
        let left = self.state.steps.iter().filter(|step| step.may_have_acted());
        let left: Vec<&str> = left.map(|step| step.plan.title.as_str()).collect();
        if !left.is_empty() && self.plan.unfinished == Unfinished::Unwind {
            let left = left.join(", ");
            self.note(format!("left at once without taking back: {left}; run the same command again, it takes them back first"));
        } else {
            self.note("left at once; run the same command again, it looks at what is there and goes on".to_owned());
        }
    }

    fn retry(&mut self, step: &StepId) {
        let Some(node) = self.node(step) else {
            return self.note(format!("there is no step {step} to retry"));
        };
        if self.state.cancelling.is_some() || self.unwinding.is_some() {
            return self.note(format!("{step} is not retried: the run is ending"));
        }
        if !matches!(self.board.place(node), Place::Ended { success: false, blocked_by: None }) {
            return self.note(format!("{step} is not retried: it did not fail"));
        }
        let (rearmed, blocked) = self.board.rearm(node);
        for node in rearmed {
            if let Some(step) = self.id(node) {
                self.emit(EventKind::StepRearmed { step });
            }
        }
        self.leave_out(blocked);
    }

    fn skip(&mut self, step: &StepId) {
        let Some(node) = self.node(step) else {
            return self.note(format!("there is no step {step} to leave out"));
        };
        match self.board.place(node) {
            Place::Waiting => self.finish(node, FinishedAs::Skipped { why: "left out by a person".to_owned() }),
            Place::Running => {
                if let Some(live) = self.live.get_mut(node).and_then(Option::as_mut) {
                    live.skip = true;
                    live.urgent.cancel();
                }
            }
            Place::Ended { .. } => self.note(format!("{step} is not left out: it has ended")),
        }
    }

    // --- starting

    fn start_ready(&mut self) {
        if self.state.paused {
            return;
        }
        while let Some(node) = self.board.start_next() {
            let Some(step) = self.id(node) else { continue };
            self.emit(EventKind::StepStarted { step });
            self.make_live(node);
        }
    }

    fn make_live(&mut self, node: usize) {
        self.attempts = self.attempts.wrapping_add(1);
        let live = Live { attempt: self.attempts, cancel: CancellationToken::new(), urgent: CancellationToken::new(), skip: false };
        if let Some(slot) = self.live.get_mut(node) {
            *slot = Some(live);
            self.starting.push(node);
        }
    }

    /// Lets steps go whose start is written: nothing happens that the journal does not know of.
    fn spawn_started(&mut self) {
        for node in std::mem::take(&mut self.starting) {
            let Some(((attempt, cancel, urgent), plan)) = self
                .live
                .get(node)
                .and_then(Option::as_ref)
                .map(|live| (live.attempt, live.cancel.clone(), live.urgent.clone()))
                .zip(self.plan.nodes.get(node))
            else {
                continue;
            };
            let Node { step, deadline, .. } = plan;
            let say = self.say.clone();
            let sink = Sink::hearing(move |says, written| {
                let _over = say.send(Message { node, attempt, what: What::Says(says, written) });
            });
            let cx = Cx { sink, cancel };
            let job = Job { step: Arc::clone(step), cx, urgent, deadline: *deadline, grace: self.grace };
            let (say, undo) = (self.say.clone(), self.unwinding.is_some());
            self.tasks.spawn(async move {
                let outcome = if undo { exec::undo(job).await } else { exec::run(job).await };
                let _over = say.send(Message { node, attempt, what: What::Ended(outcome) });
            });
        }
        self.stop_what_ran_until();
    }

    // --- taking back

    /// With all steps ended: takes back the next one if the plan wants that. False when there is nothing (more) to take back.
    fn take_back_next(&mut self) -> bool {
        if self.live.iter().any(Option::is_some) {
            return true;
        }
        if self.unwinding.is_none() {
            let unwind = self.plan.unfinished == Unfinished::Unwind && !self.state.summarize(Vec::new(), 0).ok;
            self.unwinding = Some(if unwind { self.to_take_back() } else { VecDeque::new() });
        }
        let Some(node) = self.unwinding.as_mut().and_then(VecDeque::pop_front) else {
            return false;
        };
        self.make_live(node);
        true
    }

    /// Last started first. Steps that were to run whatever happened are the taking back of others and are not taken back themselves.
    fn to_take_back(&self) -> VecDeque<usize> {
        let acts = |node: usize| self.plan.nodes.get(node).is_some_and(|node| node.step.acts());
        let steps = self.state.steps.iter().enumerate().filter(|(node, step)| step.may_have_acted() && !step.plan.finally && acts(*node));
        let mut started: Vec<(Option<At>, usize)> = steps.map(|(node, step)| (step.started, node)).collect();
        let order = super::order::topological(&self.plan.edges);
        let rank = |node: usize| order.iter().position(|at| *at == node);
        // Many start within one millisecond; among those the plan's own order tells who may have built on whom.
        started.sort_by_key(|(at, node)| std::cmp::Reverse((*at, rank(*node))));
        started.into_iter().map(|(_, node)| node).collect()
    }

    fn taken_back(&mut self, node: usize, outcome: Outcome) {
        let Some(step) = self.id(node) else { return };
        let error = match outcome {
            Outcome::Returned(Ok(_)) => return self.emit(EventKind::StepTakenBack { step }),
            Outcome::Returned(Err(error)) => (error.message, error.code),
            Outcome::Panicked(message) => (format!("the undo broke: {message}; this is a bug"), "LAB-STEP-PANIC"),
            Outcome::Deadline | Outcome::Dropped => (self.late(node), "LAB-STEP-DEADLINE"),
        };
        self.emit(EventKind::StepNotTakenBack { step, error: error.0, code: error.1.to_owned() });
    }

    // --- events

    fn note(&mut self, text: String) {
        self.emit(EventKind::Note { text });
    }

    /// Time never goes back within a run, whatever the clock of the machine does.
    fn now(&self) -> At {
        let now = self.clock.now().whole_millis();
        self.state.last.map_or(now, |last| last.max(now))
    }

    fn emit(&mut self, event: EventKind) {
        self.emit_at(self.now(), event);
    }

    fn emit_at(&mut self, at: At, event: EventKind) {
        let event = Event { v: VERSION, seq: self.state.seq + 1, at, run: self.run.clone(), event };
        self.state.apply(&event);
        if let Some(Err(error)) = self.journal.as_mut().map(|journal| journal.append(&event)) {
            self.journal_fails(error);
        }
        self.fresh.push(Arc::new(event));
    }

    /// Writes what happened since the last time, then tells it: the disk first, then whoever waits for it, then the front end.
    fn commit(&mut self) {
        if let Some(Err(error)) = self.journal.as_mut().map(JournalWriter::commit) {
            self.journal_fails(error);
        }
        let unanswered = std::mem::take(&mut self.unanswered);
        if self.journal_error.is_none() {
            for written in unanswered {
                let _gone = written.send(());
            }
        }
        for event in std::mem::take(&mut self.fresh) {
            self.outbox.push(event);
        }
        self.outbox.pump();
        if self.journal_error.is_some() && self.state.cancelling < Some(CancelReason::Now) {
            self.note("the journal cannot be written any more; ending the run".to_owned());
            self.cancel(CancelReason::Now);
        }
    }

    /// From here on nothing is written: half a line would make the good ones before it doubtful.
    fn journal_fails(&mut self, error: JournalError) {
        self.journal = None;
        self.journal_error.get_or_insert(error);
    }

    fn id(&self, node: usize) -> Option<StepId> {
        self.plan.nodes.get(node).map(|node| node.data.id.clone())
    }

    fn node(&self, step: &StepId) -> Option<usize> {
        self.plan.nodes.iter().position(|node| node.data.id == *step)
    }
}

fn failed(code: &str, error: String) -> FinishedAs {
    FinishedAs::Failed { error, code: code.to_owned() }
}
