//! A run with a socket: what those who attach see and may do, and that none of them can hurt it.

use crate::rig::{Act, Scripted, ends, starts};
use labctl::engine::attach::{AttachError, Attached, Limits, Places, Served, Serving, Steering, Told, connect, pointer, serve};
use labctl::engine::journal::{Journal, JournalWriter};
use labctl::engine::{EngineError, Node, Plan, RunOptions, SystemClock, run};
use labctl::model::run::{
    ATTACH_PROTOCOL, At, CancelReason, ClientHello, Control, EndReason, Event, EventKind, FinishedAs, Refusal, RunId, RunPlan, RunState,
    ServerLine, StepEvent, Stream, Verb,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::sync::{Semaphore, mpsc};

/// Long enough for any machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A run at work, and its socket.
struct Live {
    folder: tempfile::TempDir,
    served: Served,
    run: tokio::task::JoinHandle<Result<RunState, EngineError>>,
    journal: PathBuf,
}

fn gate() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(0))
}

/// Limits that make nothing in a test wait for long.
fn limits() -> Limits {
    Limits { pace: Duration::from_millis(1), last: Duration::from_millis(200), ..Limits::default() }
}

fn places(home: &Path) -> Places {
    Places { runtime: Some(home.join("run")), fallback: home.join("state") }
}

fn id() -> RunId {
    RunId("20260102T030405Z-up-lab-00ff".to_owned())
}

impl Live {
    async fn start(nodes: Vec<Node>, limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let journal = JournalWriter::create(folder.path(), &id()).unwrap();
        let path = journal.path().to_owned();
        let (steer, control) = mpsc::channel(8);
        let serving = Serving {
            run: id(),
            lab: "lab".to_owned(),
            verb: Verb::Test,
            journal: path.clone(),
            commits: journal.commits(),
            control: steer,
            user: "ada".to_owned(),
            limits,
        };
        let served = serve(places(folder.path()), serving).await.unwrap();
        let mut options = RunOptions::new(id(), Verb::Test, "lab", Arc::new(SystemClock));
        options.journal = Some(journal);
        options.control = control;
        let run = tokio::spawn(run(Plan::new(nodes).unwrap(), options));
        Self { folder, served, run, journal: path }
    }

    async fn attach(&self, hello: &ClientHello) -> (Attached, Steering) {
        connect(self.served.socket(), hello).await.unwrap()
    }

    async fn watch(&self) -> (Attached, Steering) {
        self.attach(&ClientHello::new(true)).await
    }

    /// Waits for the run's end, then for the socket's.
    async fn end(self) -> (RunState, Vec<Event>) {
        let state = tokio::time::timeout(PATIENCE, self.run).await.unwrap().unwrap().unwrap();
        let socket = self.served.socket().to_owned();
        tokio::time::timeout(PATIENCE, self.served.finish()).await.unwrap();
        assert!(!socket.exists() && !self.folder.path().join(id().0).join("socket").exists(), "a run that has ended leaves nothing");
        (state, Journal::read(&self.journal).unwrap().events)
    }

    /// The words of a raw connection that says `words`, up to its end.
    async fn told_raw(&self, words: &[u8]) -> String {
        let mut stream = UnixStream::connect(self.served.socket()).await.unwrap();
        let _refused_while_talking = stream.write_all(words).await;
        let mut answer = Vec::new();
        let _reset = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap();
        String::from_utf8(answer).unwrap()
    }
}

async fn next(attached: &mut Attached) -> Option<Told> {
    tokio::time::timeout(PATIENCE, attached.next()).await.unwrap().unwrap()
}

/// All that comes until `last`, that one too.
async fn until(attached: &mut Attached, last: impl Fn(&Event) -> bool) -> Vec<Event> {
    let mut seen = Vec::new();
    loop {
        match next(attached).await.unwrap() {
            Told::Event(event) => {
                let is_last = last(&event);
                seen.push(*event);
                if is_last {
                    return seen;
                }
            }
            other @ Told::Line(_) => panic!("{other:?} after {} events", seen.len()),
        }
    }
}

/// The next line that is no event.
async fn answer(attached: &mut Attached) -> ServerLine {
    loop {
        if let Told::Line(line) = next(attached).await.unwrap() {
            return line;
        }
    }
}

async fn to_the_end(attached: &mut Attached) -> Vec<Event> {
    let seen = until(attached, |event| matches!(event.event, EventKind::RunFinished { .. })).await;
    assert_eq!(next(attached).await, Some(Told::Line(ServerLine::End { why: EndReason::Finished })));
    assert_eq!(next(attached).await, None);
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn all_who_attach_see_exactly_the_journal_whenever_they_come() {
    let (first, second) = (gate(), gate());
    let nodes =
        vec![Scripted::new("a", [Act::Gate(first.clone())]).node(), Scripted::new("b", [Act::Gate(second.clone())]).node().needs(["a"])];
    let ours = Live::start(nodes, limits()).await;
    let (mut early, _steering) = ours.watch().await;
    assert_eq!((&early.hello.run, early.hello.lab.as_str(), early.hello.verb), (&id(), "lab", Verb::Test));
    let mut seen = until(&mut early, |event| starts(event, "a")).await;
    first.add_permits(1);
    seen.extend(until(&mut early, |event| starts(event, "b")).await);
    let (mut late, _too) = ours.watch().await;
    let (mut knowing, _also) = ours.attach(&ClientHello { after: 2, ..ClientHello::new(true) }).await;
    second.add_permits(1);
    seen.extend(to_the_end(&mut early).await);
    let late = to_the_end(&mut late).await;
    let rest = to_the_end(&mut knowing).await;
    let (state, journal) = ours.end().await;
    assert_eq!(seen, journal);
    assert_eq!(late, journal);
    assert_eq!(rest, journal[2..]);
    assert_eq!(RunState::fold(&late), state);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_reads_nothing_holds_up_nobody() {
    let line = |at: usize| StepEvent::Output { stream: Stream::Out, line: format!("{at} {}", "x".repeat(400)) };
    let go = gate();
    let acts: Vec<Act> = std::iter::once(Act::Gate(go.clone())).chain((0..20_000).map(|at| Act::Say(line(at)))).collect();
    let ours = Live::start(vec![Scripted::new("talker", acts).node()], limits()).await;
    let (mute, _open) = ours.watch().await;
    let (mut viewer, _steering) = ours.watch().await;
    go.add_permits(1);
    let seen = to_the_end(&mut viewer).await;
    let (state, journal) = ours.end().await;
    assert!(state.summary.unwrap().ok);
    assert!(journal.len() > 20_000 && seen == journal, "{} of {}", seen.len(), journal.len());
    assert!(state.notes.is_empty(), "the engine noticed: {:?}", state.notes);
    drop(mute);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_said_it_only_looks_cannot_steer_and_goes_on_looking() {
    let go = gate();
    let ours = Live::start(vec![Scripted::new("a", [Act::Gate(go.clone())]).node()], limits()).await;
    let (mut viewer, mut steering) = ours.watch().await;
    steering.send(&Control::Cancel { why: CancelReason::Now }).await.unwrap();
    let refused = answer(&mut viewer).await;
    assert!(matches!(refused, ServerLine::Refused { why: Refusal::ReadOnly, closes: false, .. }), "{refused:?}");
    go.add_permits(1);
    until(&mut viewer, |event| matches!(event.event, EventKind::RunFinished { .. })).await;
    let (state, journal) = ours.end().await;
    assert!(state.summary.unwrap().ok && state.notes.is_empty());
    assert!(!journal.iter().any(|event| matches!(event.event, EventKind::RunCancelling { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_is_followed_and_the_journal_says_whose_it_was() {
    let ours = Live::start(vec![Scripted::new("a", [Act::Wait]).node()], limits()).await;
    let (mut viewer, _looks) = ours.watch().await;
    let (mut one, mut steering) = ours.attach(&ClientHello { after: u64::MAX, ..ClientHello::new(false) }).await;
    until(&mut viewer, |event| starts(event, "a")).await;
    steering.send(&Control::Note { text: "look \u{1b}[31mhere".to_owned() }).await.unwrap();
    assert!(matches!(answer(&mut one).await, ServerLine::Taken { control: Control::Note { .. } }));
    let cancel = Control::Cancel { why: CancelReason::Now };
    steering.send(&cancel).await.unwrap();
    assert_eq!(answer(&mut one).await, ServerLine::Taken { control: cancel });
    let seen = to_the_end(&mut viewer).await;
    let (state, _) = ours.end().await;
    assert!(state.summary.as_ref().unwrap().cancelled);
    let who = format!("ada, process {}", std::process::id());
    let notes: Vec<&str> = state.notes.iter().map(|(_, text)| text.as_str()).collect();
    assert!(notes[0].starts_with(&format!("look  [31mhere ({who}")), "{notes:?}");
    assert!(notes[1].starts_with(&format!("cancel now: asked by {who}")), "{notes:?}");
    let place = |wanted: fn(&EventKind) -> bool| seen.iter().position(|event| wanted(&event.event)).unwrap();
    let asked = place(|event| matches!(event, EventKind::Note { text } if text.starts_with("cancel now")));
    assert!(asked < place(|event| matches!(event, EventKind::RunCancelling { .. })), "first who, then what");
    assert!(seen.iter().any(|event| ends(event, "a")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_or_hostile_client_gets_one_clear_line_and_the_run_goes_on() {
    let go = gate();
    let quick = Limits { hello: Duration::from_millis(50), line: 200, ..limits() };
    let ours = Live::start(vec![Scripted::new("a", [Act::Gate(go.clone())]).node()], quick).await;
    let hello = format!("{{\"attach\":\"hello\",\"protocol\":{ATTACH_PROTOCOL},\"read_only\":false}}\n");
    let huge = format!("{hello}{}", "x".repeat(100_000));
    let cases: [(&[u8], Refusal, &str); 8] = [
        (b"\x00\xff\x80 garbage\n", Refusal::Hello, "the first line must be"),
        (b"[1]\n", Refusal::Hello, "the first line must be"),
        (b"", Refusal::Hello, "no hello came within"),
        (b"{\"attach\":\"hel", Refusal::Hello, "no hello came within"),
        (b"{\"attach\":\"hello\",\"protocol\":99}\n", Refusal::Protocol, "protocol 99 is not spoken here"),
        (&b"x".repeat(4096), Refusal::TooLong, "a line has more than 200 bytes"),
        (huge.as_bytes(), Refusal::TooLong, "a line has more than 200 bytes"),
        (&[hello.as_bytes(), b"cancel!\n"].concat(), Refusal::Garbage, "the line is not JSON"),
    ];
    for (words, expected, text) in cases {
        let told = ours.told_raw(words).await;
        let lines: Vec<serde_json::Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let refused: ServerLine = serde_json::from_value(lines.iter().rfind(|line| line["attach"].is_string()).unwrap().clone()).unwrap();
        match &refused {
            ServerLine::Refused { why, text: said, closes: true } => {
                assert!(*why == expected && said.contains(text), "{told}");
            }
            other => panic!("{other:?}: {told}"),
        }
    }
    // one that comes and goes without a word
    drop(UnixStream::connect(ours.served.socket()).await.unwrap());
    go.add_permits(1);
    let (state, journal) = ours.end().await;
    assert!(state.summary.unwrap().ok && state.notes.is_empty(), "{journal:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_control_is_named_and_the_client_stays() {
    let go = gate();
    let ours = Live::start(vec![Scripted::new("a", [Act::Gate(go.clone())]).node()], limits()).await;
    let mut stream = BufReader::new(UnixStream::connect(ours.served.socket()).await.unwrap());
    let words =
        "{\"attach\":\"hello\",\"protocol\":1,\"read_only\":false,\"after\":1000}\n{\"control\":\"dance\"}\n{\"control\":\"pause\"}\n";
    stream.write_all(words.as_bytes()).await.unwrap();
    let mut lines = Vec::new();
    for _ in 0..3 {
        let mut line = String::new();
        tokio::time::timeout(PATIENCE, stream.read_line(&mut line)).await.unwrap().unwrap();
        lines.push(serde_json::from_str::<ServerLine>(&line).unwrap());
    }
    assert!(matches!(&lines[1], ServerLine::Refused { why: Refusal::UnknownControl, text, closes: false } if text.contains("`dance`")));
    assert_eq!(lines[2], ServerLine::Taken { control: Control::Pause });
    drop(stream);
    go.add_permits(1);
    let (state, _) = ours.end().await;
    assert!(state.paused && state.summary.unwrap().ok);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_may_come_are_turned_away_and_may_come_when_one_has_left() {
    let go = gate();
    let ours = Live::start(vec![Scripted::new("a", [Act::Gate(go.clone())]).node()], Limits { clients: 1, ..limits() }).await;
    let first = ours.watch().await;
    let error = connect(ours.served.socket(), &ClientHello::new(true)).await.unwrap_err();
    assert!(matches!(error, AttachError::Refused { why: Refusal::Full, .. }), "{error}");
    drop(first);
    tokio::time::timeout(PATIENCE, async {
        while connect(ours.served.socket(), &ClientHello::new(true)).await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    go.add_permits(1);
    ours.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_was_taken_away_is_made_again() {
    let go = gate();
    let ours =
        Live::start(vec![Scripted::new("a", [Act::Gate(go.clone())]).node()], Limits { look: Duration::from_millis(10), ..limits() }).await;
    let (mut early, _steering) = ours.watch().await;
    std::fs::remove_dir_all(ours.folder.path().join("run")).unwrap();
    let pointer = pointer(ours.journal.parent().unwrap());
    let (mut late, _too) = tokio::time::timeout(PATIENCE, async {
        loop {
            if let Ok(attached) = connect(&std::fs::read_link(&pointer).unwrap_or_default(), &ClientHello::new(true)).await {
                return attached;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    go.add_permits(1);
    assert_eq!(to_the_end(&mut early).await, to_the_end(&mut late).await);
    ours.end().await;
}

/// A journal of three events, as a run writes it that cannot go on.
fn begun(runs: &Path) -> (JournalWriter, Vec<Event>) {
    let mut journal = JournalWriter::create(runs, &id()).unwrap();
    let at = At(time::macros::datetime!(2026-01-02 03:04:05 UTC));
    let kinds = [
        EventKind::RunStarted { verb: Verb::Test, lab: "lab".to_owned(), plan: RunPlan::default() },
        EventKind::Note { text: "one".to_owned() },
        EventKind::StepFinished { step: "ghost".into(), result: FinishedAs::Cancelled },
    ];
    let events: Vec<Event> = (1..).zip(kinds).map(|(seq, event)| Event { v: 1, seq, at, run: id(), event }).collect();
    for event in &events {
        journal.append(event).unwrap();
    }
    journal.commit().unwrap();
    (journal, events)
}

fn serving(journal: &JournalWriter) -> Serving {
    Serving {
        run: id(),
        lab: "lab".to_owned(),
        verb: Verb::Test,
        journal: journal.path().to_owned(),
        commits: journal.commits(),
        control: mpsc::channel(1).0,
        user: String::new(),
        limits: limits(),
    }
}

/// The next event is written at the very moment when the client has the last, which is when the server looks for more and finds none.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_needs_no_other_to_follow_it() {
    let home = tempfile::tempdir().unwrap();
    let (mut journal, mut events) = begun(home.path());
    let served = serve(places(home.path()), serving(&journal)).await.unwrap();
    let (mut viewer, _steering) = connect(served.socket(), &ClientHello::new(true)).await.unwrap();
    for seq in 4..2000 {
        until(&mut viewer, |event| event.seq == seq - 1).await;
        let next = Event { seq, event: EventKind::Note { text: seq.to_string() }, ..events.pop().unwrap() };
        journal.append(&next).unwrap();
        journal.commit().unwrap();
        events.push(next);
    }
    served.finish().await;
}

#[tokio::test]
async fn a_journal_that_is_not_written_any_more_is_said() {
    let home = tempfile::tempdir().unwrap();
    let (journal, events) = begun(home.path());
    let served = serve(places(home.path()), serving(&journal)).await.unwrap();
    let (mut viewer, _steering) = connect(served.socket(), &ClientHello::new(true)).await.unwrap();
    let seen = until(&mut viewer, |event| event.seq == 3).await;
    drop(journal);
    assert_eq!(seen, events);
    assert_eq!(answer(&mut viewer).await, ServerLine::End { why: EndReason::Unwritten });
    served.finish().await;
}

#[tokio::test]
async fn a_process_that_is_gone_is_told_from_a_run_that_has_ended() {
    let home = tempfile::tempdir().unwrap();
    let (journal, _) = begun(home.path());
    let served = serve(places(home.path()), serving(&journal)).await.unwrap();
    let (mut viewer, _steering) = connect(served.socket(), &ClientHello::new(true)).await.unwrap();
    until(&mut viewer, |event| event.seq == 3).await;
    served.finish().await;
    assert_eq!(next(&mut viewer).await, None, "no last word");
}

#[tokio::test]
async fn nobody_at_the_socket_is_said_with_its_path() {
    let home = tempfile::tempdir().unwrap();
    let error = connect(&home.path().join("gone.sock"), &ClientHello::new(true)).await.unwrap_err();
    assert!(error.to_string().contains("gone.sock: No such file"), "{error}");
}
