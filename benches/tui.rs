//! TUI: how quickly the terminal app opens and answers, and what it costs: the real binary, and the real loop in a child of this program, both in a
//! pseudo-terminal. Figures go to docs/benchmarks.md.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a rig's results")]

#[path = "rig/record.rs"]
mod record;

use labctl::model::run::{At, Event, EventKind, PlanStep, RunId, RunPlan, StepEvent, StepId, Stream, Verb};
use labctl::tui::{Model, Msg, News, ScreenId, Shared, Theme, Wires, update};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use record::{Figure, keep};
use std::error::Error;
use std::io::{Read, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const STARTS: usize = 20;
const KEYS: usize = 300;
const EVENTS_A_SECOND: u64 = 10_000;
const IDLE: Duration = Duration::from_secs(10);
/// An hour of a busy run: a hundred events each second.
const HOUR_EVENTS: u64 = 360_000;
const STEPS: usize = 30;
const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    let mode = std::env::args().nth(1).unwrap_or_default();
    let done = match mode.as_str() {
        "child-flood" => child(true),
        "child-hour" => child(false),
        _ => measure(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tui: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A program in a terminal.
struct InTerminal {
    child: Box<dyn Child + Send + Sync>,
    said: Receiver<Vec<u8>>,
    keys: Box<dyn Write + Send>,
    _master: Box<dyn MasterPty + Send>,
}

impl InTerminal {
    fn open(program: &str, args: &[&str]) -> Outcome<Self> {
        let pty = native_pty_system().openpty(PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 })?;
        let home = std::env::temp_dir().join("labctl-bench-tui");
        std::fs::create_dir_all(&home)?;
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.env_clear();
        command.env("HOME", home);
        command.env("TERM", "xterm-256color");
        // of its own, so that no lab of this host is what it opens on
        command.env("LABCTL_LAB", "bench");
        let child = pty.slave.spawn_command(command)?;
        drop(pty.slave);
        let mut from = pty.master.try_clone_reader()?;
        let keys = pty.master.take_writer()?;
        let (say, said) = channel();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                if say.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, said, keys, _master: pty.master })
    }

    /// Until `word` is drawn after now; what was drawn before does not count.
    fn wait(&mut self, word: &str) -> Outcome<()> {
        let until = Instant::now() + PATIENCE;
        let mut seen = String::new();
        while !seen.contains(word) {
            let left = until.saturating_duration_since(Instant::now());
            let bytes = self.said.recv_timeout(left).map_err(|_| format!("`{word}` never came"))?;
            seen.push_str(&String::from_utf8_lossy(&bytes));
        }
        Ok(())
    }

    fn press(&mut self, keys: &str) -> Outcome<()> {
        while self.said.try_recv().is_ok() {}
        self.keys.write_all(keys.as_bytes())?;
        Ok(self.keys.flush()?)
    }

    fn stat(&self, file: &str) -> Outcome<String> {
        let id = self.child.process_id().ok_or("the child has no id")?;
        Ok(std::fs::read_to_string(format!("/proc/{id}/{file}"))?)
    }

    /// Clock ticks (hundredths of a second) of CPU so far.
    fn cpu_ticks(&self) -> Outcome<u64> {
        let stat = self.stat("stat")?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        Ok(fields.get(11).ok_or("no utime")?.parse::<u64>()? + fields.get(12).ok_or("no stime")?.parse::<u64>()?)
    }

    fn resident_kib(&self) -> Outcome<u64> {
        let status = self.stat("status")?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.split_whitespace().nth(1).ok_or("no VmRSS")?.parse()?)
    }
}

impl Drop for InTerminal {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent).div_ceil(100).clamp(1, sorted.len()) - 1]
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

fn measure() -> Outcome<()> {
    let labctl = env!("CARGO_BIN_EXE_labctl");
    let own = std::env::current_exe()?.display().to_string();
    let mut figures = Vec::new();
    let mut figure = |what: &str, measured: String, must: &str, raw: String| {
        println!("{what}: {measured} (must {must}); {raw}");
        figures.push(Figure { what: what.to_owned(), measured, must: must.to_owned(), raw });
    };

    // making a terminal and a process in it takes its time too, whatever runs there
    let (mut starts, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        for (program, args, times) in [(labctl, &[][..], &mut starts), ("/usr/bin/printf", &["doctor"][..], &mut bare)] {
            let began = Instant::now();
            InTerminal::open(program, args)?.wait("doctor")?;
            times.push(began.elapsed());
        }
    }
    starts.sort_unstable();
    bare.sort_unstable();
    let (median, none) = (percentile(&starts, 50), percentile(&bare, 50));
    let raw = format!(
        "{STARTS} starts in a new terminal: min {}, median {}, max {}; `printf` in its place: median {}, taken off",
        ms(starts[0]),
        ms(median),
        ms(starts[STARTS - 1]),
        ms(none)
    );
    figure("start to first frame, median", ms(median.saturating_sub(none)), "50 ms", raw);

    let mut app = InTerminal::open(labctl, &[])?;
    app.wait("doctor")?;
    // what the start itself asked for is read by then
    app.wait("checks")?;
    let before = app.cpu_ticks()?;
    std::thread::park_timeout(IDLE);
    let ticks = app.cpu_ticks()? - before;
    let percent = ticks as f64 / IDLE.as_secs_f64();
    figure("idle CPU of the app on Start", format!("{percent:.1} %"), "1 %", format!("{ticks} ticks of 10 ms in {} s", IDLE.as_secs()));
    drop(app);

    let mut app = InTerminal::open(&own, &["child-flood"])?;
    app.wait("coming up")?;
    let mut answers = Vec::new();
    // two tabs in turn: each changes every cell of its name, so that it is drawn in one piece
    for (key, tab) in [("l", "[log]"), ("e", "[cause]")].into_iter().cycle().take(KEYS) {
        let began = Instant::now();
        app.press(key)?;
        app.wait(tab)?;
        answers.push(began.elapsed());
    }
    answers.sort_unstable();
    let raw = format!(
        "{KEYS} keys: median {}, p95 {}, max {}",
        ms(percentile(&answers, 50)),
        ms(percentile(&answers, 95)),
        ms(answers[KEYS - 1])
    );
    figure("key to frame while 10 000 events a second arrive, p99", ms(percentile(&answers, 99)), "16 ms", raw);
    drop(app);

    let mut app = InTerminal::open(&own, &["child-hour"])?;
    let mut sizes = Vec::new();
    for part in 1..=6 {
        app.wait(&part_ended(part))?;
        sizes.push(app.resident_kib()? / 1024);
    }
    let raw = format!("{HOUR_EVENTS} events; MiB after each sixth: {sizes:?}");
    figure(
        "memory over an hour of events, last sixth over first",
        format!("{:+} MiB", sizes[5].cast_signed() - sizes[0].cast_signed()),
        "flat",
        raw,
    );
    drop(app);
    keep("TUI", &figures)?;
    Ok(())
}

/// What the child says after each part: no cell is as it was the time before, so that the whole is drawn; longer than any number in a line.
fn part_ended(part: usize) -> String {
    part.to_string().repeat(8)
}

fn now() -> At {
    At(time::OffsetDateTime::now_utc())
}

fn event(seq: u64, event: EventKind) -> Arc<Event> {
    Arc::new(Event { v: 1, seq, at: now(), run: RunId("bench".to_owned()), event })
}

fn step(number: usize) -> StepId {
    StepId(format!("component/part-{number}"))
}

/// What a busy run says: mostly lines, some waits and objects.
fn said(seq: u64) -> Arc<Event> {
    let says = match seq % 10 {
        0 => StepEvent::Waiting { on: "Deployment lab/part".to_owned(), last_reason: format!("{} of 100 ready", seq % 100), cause: None },
        1 => StepEvent::Progress { done: seq % 4096, total: Some(4096), unit: "B".to_owned() },
        _ => StepEvent::Output { stream: Stream::Out, line: format!("line {seq} of a child that has a lot to say about what it does") },
    };
    event(seq, EventKind::Step { step: step(usize::try_from(seq).unwrap_or(0) % STEPS), says })
}

/// The app's own loop on this terminal, with a run that floods it: at a rate for as long as it is looked at, or an hour's events as fast as they go.
fn child(flood: bool) -> Outcome<()> {
    let mut model = Model::new(Shared::new("bench".to_owned(), now(), Theme::Dark), ScreenId::Run);
    drop(update(&mut model, Msg::News(News::Preparing { verb: "up".to_owned(), what: String::new() })));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (events, from_run) = mpsc::channel(1024);
    let (say, news) = mpsc::channel(8);
    let (ask, _asked) = mpsc::unbounded_channel();
    let closed = labctl::tui::open(model, Wires { events: from_run, news, effects: ask }, now)?;
    runtime.block_on(async {
        let steps = (0..STEPS).map(|number| PlanStep {
            id: step(number),
            title: format!("part-{number}"),
            group: "lab".to_owned(),
            needs: Vec::new(),
            after: Vec::new(),
            finally: false,
            estimate_ms: 3_600_000,
        });
        let plan = RunPlan { steps: steps.collect(), ..RunPlan::default() };
        events.send(event(1, EventKind::RunStarted { verb: Verb::Up, lab: "bench".to_owned(), plan })).await?;
        for number in 0..STEPS {
            events.send(event(2, EventKind::StepStarted { step: step(number) })).await?;
        }
        let mut seq = 100;
        if flood {
            let mut ticks = tokio::time::interval(Duration::from_millis(1));
            loop {
                ticks.tick().await;
                for _ in 0..EVENTS_A_SECOND / 1000 {
                    seq += 1;
                    if events.send(said(seq)).await.is_err() {
                        return Ok(());
                    }
                }
            }
        }
        for part in 1..=6 {
            for _ in 0..HOUR_EVENTS / 6 {
                seq += 1;
                events.send(said(seq)).await?;
            }
            say.send(News::Said(part_ended(part))).await?;
            // the one who measures looks now
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let _closed = closed.await;
        Ok(())
    })
}
