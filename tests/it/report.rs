//! What the headless front ends show.

use crate::rig::{Act, Scripted, run_plan, sleeper};
use indicatif::{ProgressDrawTarget, TermLike};
use labctl::engine::Plan;
use labctl::model::run::{Event, EventKind, RunState, StepEvent};
use labctl::report::{Bars, FrontEnd, Json, Lines, Paint, replay, summarize};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Clone, Default, Debug)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A terminal that remembers all that was ever written to it.
impl TermLike for Page {
    fn width(&self) -> u16 {
        100
    }

    fn move_cursor_up(&self, _n: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_down(&self, _n: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_right(&self, _n: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_left(&self, _n: usize) -> io::Result<()> {
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.clone().write_all(text.as_bytes())?;
        self.clone().write_all(b"\n")
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.clone().write_all(text.as_bytes())
    }

    fn clear_line(&self) -> io::Result<()> {
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}

fn waiting(on: &str, reason: &str) -> Act {
    Act::Say(StepEvent::Waiting { on: on.to_owned(), last_reason: reason.to_owned(), cause: None })
}

async fn a_run() -> Vec<Event> {
    let cause =
        StepEvent::Cause { id: "LAB-IMAGE-002".into(), sentence: "Image jenkins:1 does not exist.".into(), fix: "labctl images".into() };
    let argocd = [
        waiting("probe answers", "503"),
        Act::Sleep(3000),
        waiting("probe answers", "502"),
        Act::Sleep(9000),
        waiting("probe answers", "500"),
        Act::Sleep(100_000),
    ];
    let jenkins = [Act::Sleep(4000), Act::Say(cause), Act::Fail("image not found")];
    let nodes = vec![
        sleeper("cluster", 18_000).group("host").estimate_ms(20_000),
        Scripted::new("argocd", argocd).node().group("delivery").needs(["cluster"]).estimate_ms(90_000),
        Scripted::new("jenkins", jenkins).node().group("delivery").needs(["cluster"]),
        sleeper("pipeline", 10).group("delivery").needs(["jenkins"]),
        Scripted::new("tools", []).done().node().group("host"),
    ];
    run_plan(Plan::new(nodes).unwrap()).await.events
}

async fn show(events: &[Event], front_end: &mut dyn FrontEnd) {
    replay(events, front_end, None).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn lines_say_every_change_that_means_something() {
    let page = Page::default();
    show(&a_run().await, &mut Lines::new(page.clone(), Paint::default())).await;
    insta::assert_snapshot!(page.text());
}

#[tokio::test(start_paused = true)]
async fn figures_of_a_load_are_told_every_ten_seconds() {
    let figures = |rate| Act::Say(StepEvent::Load { requests_per_s: rate, failed_share: Some(0.025), p95_ms: Some(41.7), vus: 4 });
    let acts: Vec<Act> = (0..25).flat_map(|second| [figures(f64::from(second)), Act::Sleep(1000)]).collect();
    let ran = run_plan(Plan::new(vec![Scripted::new("load", acts).node()]).unwrap()).await;
    let page = Page::default();
    show(&ran.events, &mut Lines::new(page.clone(), Paint::default())).await;
    let text = page.text();
    let said: Vec<&str> = text.lines().filter(|line| line.contains("requests/s")).collect();
    assert_eq!(said.len(), 3, "{text}");
    assert!(said[1].contains("10s  load      LOAD  10.0 requests/s, 2.5 % failed, p95 42 ms, 4 VUs"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn colour_adds_nothing_but_colour() {
    let events = a_run().await;
    let (plain, coloured) = (Page::default(), Page::default());
    show(&events, &mut Lines::new(plain.clone(), Paint::default())).await;
    show(&events, &mut Lines::new(coloured.clone(), Paint { on: true })).await;
    let mut stripped = String::new();
    let coloured = coloured.text();
    assert!(coloured.contains("\u{1b}[31m"));
    for part in coloured.split('\u{1b}') {
        stripped.push_str(part.strip_prefix('[').and_then(|part| part.split_once('m')).map_or(part, |(_, rest)| rest));
    }
    // A state's word is padded within its colour, so even the columns agree.
    assert_eq!(stripped, plain.text());
}

#[tokio::test(start_paused = true)]
async fn json_prints_bare_events_one_a_line() {
    let events = a_run().await;
    let page = Page::default();
    show(&events, &mut Json::new(page.clone())).await;
    let read: Vec<Event> = page.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read, events);
}

#[tokio::test(start_paused = true)]
async fn the_summary_names_cause_fix_urls_and_where_the_time_went() {
    let mut events = a_run().await;
    if let Some(EventKind::RunFinished { summary }) = events.last_mut().map(|event| &mut event.event) {
        summary.urls = vec![("grafana".to_owned(), "http://grafana.localhost:8080".to_owned())];
    }
    let mut text = Vec::new();
    summarize(&RunState::fold(&events), Paint::default(), &mut text).unwrap();
    insta::assert_snapshot!(String::from_utf8(text).unwrap());
}

#[tokio::test(start_paused = true)]
async fn steps_left_out_for_one_reason_are_told_in_one_line() {
    let mut nodes = vec![
        Scripted::new("registry", [Act::Sleep(10), Act::Fail("no room")]).node(),
        Scripted::new("other", [Act::Sleep(10), Act::Fail("no luck")]).node(),
        sleeper("images", 10).needs(["registry"]),
        sleeper("single", 10).needs(["other"]),
    ];
    nodes.extend(["loki", "tempo", "gateway"].map(|name| sleeper(name, 10).needs(["images"])));
    let events = run_plan(Plan::new(nodes).unwrap()).await.events;
    let mut summary = Vec::new();
    summarize(&RunState::fold(&events), Paint::default(), &mut summary).unwrap();
    let summary = String::from_utf8(summary).unwrap();
    let page = Page::default();
    show(&events, &mut Lines::new(page.clone(), Paint::default())).await;
    for (text, start) in [(&summary, "– left out "), (&page.text(), "left out ")] {
        let told: Vec<&str> = text.lines().filter(|line| line.contains("because REGISTRY failed: 4 steps (")).collect();
        assert_eq!(told.len(), 1, "{text}");
        assert!(told[0].contains(start) && told[0].ends_with("…)"), "{text}");
        assert!(text.contains("SINGLE") && text.contains("needs OTHER, which failed"), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn bars_show_who_works_and_what_is_left() {
    let events = a_run().await;
    let page = Page::default();
    let target = ProgressDrawTarget::term_like_with_hz(Box::new(page.clone()), 255);
    let mut bars = Bars::new(target, Paint::default(), Box::new(io::sink()));
    let middle =
        events.iter().position(|event| matches!(&event.event, EventKind::StepFinished { step, .. } if step.0 == "jenkins")).unwrap();
    for event in &events[..=middle] {
        bars.handle(event).unwrap();
    }
    bars.close().unwrap();
    let text = page.text();
    assert!(text.contains("lab  2 of 5 ready"), "{text}");
    assert!(text.contains("ETA 1m"), "{text}");
    assert!(text.contains("▸ ARGOCD"), "{text}");
    assert!(text.contains("FAILED"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn hidden_bars_become_lines() {
    let events = a_run().await;
    let (fallback, lines) = (Page::default(), Page::default());
    show(&events, &mut Bars::new(ProgressDrawTarget::hidden(), Paint::default(), Box::new(fallback.clone()))).await;
    show(&events, &mut Lines::new(lines.clone(), Paint::default())).await;
    assert_eq!(fallback.text(), lines.text());
    assert!(!lines.text().is_empty());
}

#[tokio::test(start_paused = true)]
async fn replay_takes_as_long_as_the_run_did_divided_by_the_speed() {
    let events = a_run().await;
    let took = events.last().unwrap().at.millis_since(events[0].at);
    let begun = tokio::time::Instant::now();
    let page = Page::default();
    replay(&events, &mut Json::new(page.clone()), Some(10.0)).await.unwrap();
    let shown = begun.elapsed();
    let expected = Duration::from_millis(took / 10);
    // Each sleep ends on a whole millisecond.
    assert!(shown >= expected && shown < expected + Duration::from_millis(500), "{shown:?} for {expected:?}");
    assert_eq!(page.text().lines().count(), events.len());
}
