//! An app without a terminal: told messages, looked at as text.

use labctl::model::run::{
    At, CancelReason, Event, EventKind, FinishedAs, Health, PlanStep, RunId, RunPlan, StepEvent, StepId, Stream, Verb,
};
use labctl::tui::{Effect, Key, Model, Msg, News, ScreenId, Shared, Theme, draw, update};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::sync::Arc;
use std::time::Duration;

/// The sizes at which screens are kept.
pub const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

pub struct App {
    pub model: Model,
    pub asked: Vec<Effect>,
}

impl App {
    pub fn new(first: ScreenId) -> Self {
        let shared = Shared { size: (120, 40), ..Shared::new("dev-local".to_owned(), at(0), Theme::Dark) };
        Self { model: Model::new(shared, first), asked: Vec::new() }
    }

    /// One with the recorded run of the demo.
    pub fn replaying(speed: Option<f64>) -> Self {
        let mut app = Self::new(ScreenId::Replay);
        app.tell(News::Recording { events: Arc::new(recorded()), speed });
        app
    }

    pub fn take(&mut self, msg: Msg) -> &mut Self {
        self.asked.extend(update(&mut self.model, msg));
        self
    }

    pub fn tell(&mut self, news: News) -> &mut Self {
        self.take(Msg::News(news))
    }

    /// Keys as a person writes them, apart by blanks.
    pub fn press(&mut self, keys: &str) -> &mut Self {
        for key in keys.split_whitespace() {
            self.take(Msg::Key(key.parse::<Key>().unwrap()));
        }
        self
    }

    pub fn type_text(&mut self, text: &str) -> &mut Self {
        for letter in text.chars() {
            self.press(&if letter == ' ' { "space".to_owned() } else { letter.to_string() });
        }
        self
    }

    /// The time, in milliseconds from the start of all tests.
    pub fn wait(&mut self, millis: u64) -> &mut Self {
        self.take(Msg::Tick(at(millis)))
    }

    pub fn events(&mut self, events: Vec<Event>) -> &mut Self {
        self.take(Msg::Events(events.into_iter().map(Arc::new).collect()))
    }

    pub fn picture(&mut self, size: (u16, u16)) -> Buffer {
        self.take(Msg::Resize(size.0, size.1));
        let area = Rect::new(0, 0, size.0, size.1);
        let mut buffer = Buffer::empty(area);
        draw(&self.model, area, &mut buffer);
        buffer
    }

    pub fn text(&mut self, size: (u16, u16)) -> String {
        text(&self.picture(size))
    }

    /// The text at all sizes, as it is kept.
    pub fn all_sizes(&mut self) -> String {
        let pictures = SIZES.map(|size| format!("{}x{}\n{}", size.0, size.1, self.text(size)));
        pictures.join("\n")
    }
}

/// What stands in the cells, row by row.
pub fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width).max(1);
    let rows = buffer.content().chunks(width).map(|row| {
        let mut line = String::new();
        let mut hidden = 0;
        for cell in row {
            if hidden > 0 {
                hidden -= 1;
                continue;
            }
            hidden = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
            line.push_str(cell.symbol());
        }
        line.trim_end().to_owned() + "\n"
    });
    rows.collect()
}

/// A moment so many milliseconds after noon.
pub fn at(millis: u64) -> At {
    At(time::macros::datetime!(2026-11-21 12:00 UTC) + Duration::from_millis(millis))
}

/// The run that `labctl demo` shows.
pub fn recorded() -> Vec<Arc<Event>> {
    recording("up")
}

/// One of the runs that `labctl demo` shows.
pub fn recording(name: &str) -> Vec<Arc<Event>> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/app/demo/{name}.jsonl"));
    labctl::engine::journal::Journal::read(&path).unwrap().events.into_iter().map(Arc::new).collect()
}

/// A run that is written down by hand.
pub struct Told {
    pub events: Vec<Event>,
}

impl Told {
    /// Steps as `id: need need`, with a title, a group of their own and ten seconds each.
    pub fn plan(steps: &[&str]) -> Self {
        let steps = steps.iter().map(|step| {
            let (id, needs) = step.split_once(':').unwrap();
            let id = id.trim();
            PlanStep {
                id: StepId::from(id),
                title: id.trim_start_matches("component/").to_owned(),
                group: "lab".to_owned(),
                needs: needs.split_whitespace().map(StepId::from).collect(),
                after: Vec::new(),
                finally: false,
                estimate_ms: 10_000,
            }
        });
        let plan = RunPlan { steps: steps.collect(), ..RunPlan::default() };
        let mut told = Self { events: Vec::new() };
        told.event(0, EventKind::RunStarted { verb: Verb::Up, lab: "dev-local".to_owned(), plan });
        told
    }

    pub fn event(&mut self, millis: u64, event: EventKind) -> &mut Self {
        let seq = self.events.len() as u64 + 1;
        self.events.push(Event { v: 1, seq, at: at(millis), run: RunId("20261121T120000Z-up-dev-local-0001".to_owned()), event });
        self
    }

    pub fn start(&mut self, millis: u64, step: &str) -> &mut Self {
        self.event(millis, EventKind::StepStarted { step: step.into() })
    }

    pub fn says(&mut self, millis: u64, step: &str, says: StepEvent) -> &mut Self {
        self.event(millis, EventKind::Step { step: step.into(), says })
    }

    pub fn line(&mut self, millis: u64, step: &str, line: &str) -> &mut Self {
        self.says(millis, step, StepEvent::Output { stream: Stream::Out, line: line.to_owned() })
    }

    pub fn waits(&mut self, millis: u64, step: &str, on: &str, reason: &str) -> &mut Self {
        self.says(millis, step, StepEvent::Waiting { on: on.to_owned(), last_reason: reason.to_owned(), cause: None })
    }

    pub fn pulls(&mut self, millis: u64, step: &str, done: u64, total: u64) -> &mut Self {
        self.says(millis, step, StepEvent::Progress { done, total: Some(total), unit: "B".to_owned() })
    }

    pub fn probe(&mut self, millis: u64, step: &str, health: Health, seen: &str) -> &mut Self {
        self.says(millis, step, StepEvent::Probe { target: "answers".to_owned(), health, seen: seen.to_owned(), figure: None })
    }

    pub fn cause(&mut self, millis: u64, step: &str, id: &str, sentence: &str, fix: &str) -> &mut Self {
        self.says(millis, step, StepEvent::Cause { id: id.to_owned(), sentence: sentence.to_owned(), fix: fix.to_owned() })
    }

    pub fn done(&mut self, millis: u64, step: &str, note: &str) -> &mut Self {
        self.event(millis, EventKind::StepFinished { step: step.into(), result: FinishedAs::Changed { note: note.to_owned() } })
    }

    pub fn failed(&mut self, millis: u64, step: &str, error: &str, code: &str) -> &mut Self {
        let result = FinishedAs::Failed { error: error.to_owned(), code: code.to_owned() };
        self.event(millis, EventKind::StepFinished { step: step.into(), result })
    }

    pub fn left_out(&mut self, millis: u64, step: &str, why: &str) -> &mut Self {
        self.event(millis, EventKind::StepFinished { step: step.into(), result: FinishedAs::Skipped { why: why.to_owned() } })
    }

    pub fn cancelling(&mut self, millis: u64, why: CancelReason) -> &mut Self {
        self.event(millis, EventKind::RunCancelling { why })
    }
}

/// The run of the wireframe: a bring-up in which one step pulls, one waits for an answer and one has failed.
pub fn troubled() -> Told {
    let mut told = Told::plan(&[
        "cluster:",
        "images: cluster",
        "component/metrics-server: cluster",
        "component/prometheus: cluster",
        "component/istio: cluster images",
        "component/argocd: cluster",
        "component/jenkins: cluster",
        "component/pipeline: component/jenkins",
        "component/app-python: component/argocd component/istio",
    ]);
    told.start(10, "cluster").line(500, "cluster", "Creating cluster \"dev-local\" ...").done(18_000, "cluster", "made");
    for step in ["images", "component/metrics-server", "component/prometheus", "component/argocd", "component/jenkins"] {
        told.start(18_001, step);
    }
    told.pulls(19_000, "images", 10 << 20, 357_564_416).pulls(23_000, "images", 60 << 20, 357_564_416);
    told.done(21_000, "component/metrics-server", "3 objects written; 2 checks pass");
    told.done(24_000, "component/prometheus", "17 objects written; 4 checks pass");
    told.says(
        19_500,
        "component/argocd",
        StepEvent::ObjectChanged {
            object: labctl::model::run::Object { kind: "Deployment".into(), namespace: "argocd".into(), name: "server".into() },
            change: "created".into(),
        },
    );
    told.waits(20_000, "component/argocd", "Deployment argocd/server", "0 of 1 ready");
    told.probe(24_500, "component/argocd", Health::Fail, "GET /healthz → 503 Service Unavailable");
    told.waits(25_000, "component/argocd", "check answers", "GET /healthz → 503 Service Unavailable");
    told.cause(
        22_000,
        "component/jenkins",
        "LAB-IMAGE-002",
        "Image docker.io/labctl/jenkins:2.568.2 does not exist in the mirror (manifest unknown, 3 tries). Needed by StatefulSet cicd/jenkins.",
        "labctl images prefetch jenkins, or remove the component",
    );
    told.failed(25_500, "component/jenkins", "the image is not there", "LAB-IMAGE-002");
    told.left_out(25_501, "component/pipeline", "jenkins failed");
    told.events.sort_by_key(|event| event.at);
    for (at, event) in told.events.iter_mut().enumerate() {
        event.seq = at as u64 + 1;
    }
    told
}
