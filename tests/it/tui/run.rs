//! The Run and Replay screens.

use super::rig::{App, Told, at, recorded, troubled};
use labctl::model::run::{Because, CancelReason, Control, RunState, Standing, StepEvent, StepId, Stream};
use labctl::tui::{Effect, News, RunView, ScreenId};
use std::sync::Arc;

/// A live run as far as `told` says, half a minute in.
fn live(told: &Told) -> App {
    let mut app = App::new(ScreenId::Run);
    app.tell(News::Preparing { verb: "up".into(), what: "reading the lab".into() }).events(told.events.clone()).wait(26_000);
    app
}

#[test]
fn a_bring_up_with_trouble_in_it() {
    let mut app = live(&troubled());
    insta::assert_snapshot!("run_now", app.all_sizes());
    insta::assert_snapshot!("run_cause", app.press("e").all_sizes());
    insta::assert_snapshot!("run_timeline", app.press("t").all_sizes());
    insta::assert_snapshot!("run_steps", app.press("[ up").all_sizes());
    insta::assert_snapshot!("run_log", app.press("L").all_sizes());
}

#[test]
fn before_the_first_event_and_when_there_will_be_none() {
    let mut app = App::new(ScreenId::Run);
    let idle = app.text((80, 24));
    let preparing = app.tell(News::Preparing { verb: "up".into(), what: "waiting for another labctl to end: pid 7".into() }).text((80, 24));
    let refused = News::Refused(labctl::tui::Trouble {
        id: "LAB-FIT-001".into(),
        what: "this host has less than the lab asks for (memory: asks 5.8 GiB, has 3.1 GiB)".into(),
        fix: "a smaller stack or size, or --force".into(),
    });
    let refused = app.tell(refused).text((80, 24));
    insta::assert_snapshot!("run_before", [idle, preparing, refused].join("\n"));
}

#[test]
fn the_recorded_run_at_its_start_in_its_middle_and_at_its_end() {
    let mut app = App::replaying(Some(10.0));
    app.press("space");
    let pictures: Vec<String> = [0, 24, 26]
        .iter()
        .map(|presses| {
            app.press(&"right ".repeat(*presses));
            app.all_sizes()
        })
        .collect();
    insta::assert_snapshot!("replay", pictures.join("\n"));
}

#[test]
fn help_palette_question_and_filter_lie_over_the_screen() {
    let mut app = live(&troubled());
    let help = app.press("?").text((80, 24));
    let palette = app.press("esc : t i m").text((80, 24));
    let question = app.press("esc c").text((80, 24));
    let filter = app.press("n / a r").text((80, 24));
    insta::assert_snapshot!("overlays", [help, palette, question, filter].join("\n"));
}

#[test]
fn a_replay_moved_to_a_moment_shows_what_was_known_then() {
    let events = recorded();
    let mut there = App::replaying(Some(1.0));
    there.press("space").press(&"right ".repeat(30));
    let mut back = App::replaying(Some(1.0));
    back.press("space").press(&"right ".repeat(45)).press(&"left ".repeat(15));
    assert_eq!(there.text((120, 40)), back.text((120, 40)));
    let half = events.last().unwrap().at.millis_since(events[0].at) / 50 * 30;
    let known = RunState::fold(events.iter().map(AsRef::as_ref).take_while(|event| event.at.millis_since(events[0].at) <= half));
    let ready = format!("{} of {} ready", known.counts().ready, known.counts().total());
    assert!(there.text((120, 40)).contains(&ready), "{ready}");
}

#[test]
fn a_replay_plays_by_the_clock_and_at_its_speed() {
    let mut app = App::replaying(Some(10.0));
    app.wait(0).wait(400);
    assert!(app.text((120, 40)).contains("playing ×10  4.0s"), "{}", app.text((120, 40)));
    app.press("+ +").wait(500);
    assert!(app.text((120, 40)).contains("playing ×50  9.0s"), "{}", app.text((120, 40)));
    app.press("space").wait(900);
    assert!(app.text((120, 40)).contains("paused ×50  9.0s"), "{}", app.text((120, 40)));
}

#[test]
fn a_step_that_is_stuck_says_why_while_it_is_stuck() {
    let mut told = Told::plan(&["component/orders:"]);
    told.start(100, "component/orders");
    let because = Because { id: "LAB-QUOTA-001".to_owned(), fix: "raise the quota".to_owned() };
    let sentence = "the quota is used up".to_owned();
    let stuck = StepEvent::Waiting { on: "Deployment apps/orders".to_owned(), last_reason: sentence, cause: Some(because) };
    told.says(200, "component/orders", stuck);
    let mut app = live(&told);
    for tab in ["", "e"] {
        let text = app.press(tab).text((120, 40));
        for words in ["the quota is used up", "LAB-QUOTA-001", "raise the quota"] {
            assert!(text.contains(words), "{text}");
        }
    }
    told.waits(300, "component/orders", "query orders", "no data");
    assert!(!live(&told).press("e").text((120, 40)).contains("quota"), "what has passed is not told any more");
}

#[test]
fn a_cancel_asks_first_and_urges_the_second_time() {
    let mut told = troubled();
    let mut app = live(&told);
    app.press("c enter");
    assert_eq!(app.asked, [], "No is the answer that stands");
    app.press("c y");
    assert_eq!(app.asked, [Effect::Control(Control::Cancel { why: CancelReason::Requested })]);
    let from = told.events.len();
    told.cancelling(26_100, CancelReason::Requested);
    app.events(told.events[from..].to_vec()).press("c tab enter");
    assert_eq!(app.asked[1..], [Effect::Control(Control::Cancel { why: CancelReason::Now })]);
}

#[test]
fn retry_and_skip_are_there_only_for_steps_that_they_fit() {
    let mut app = live(&troubled());
    assert!(app.text((200, 60)).contains(" r retry "), "the failed step is shown first");
    app.press("r");
    assert_eq!(app.asked, [Effect::Control(Control::Retry { step: "component/jenkins".into() })]);
    app.press("end s");
    assert!(app.text((120, 40)).contains("Leave out app-python?"), "{}", app.text((120, 40)));
    app.press("y").press("r");
    assert_eq!(app.asked[1..], [Effect::Control(Control::Skip { step: "component/app-python".into() })]);
    app.press("home").press("s r");
    assert_eq!(app.asked.len(), 2, "what is ready is neither left out nor run again");
}

#[test]
fn read_only_has_no_dangerous_keys() {
    let mut app = live(&troubled());
    app.model.shared.read_only = true;
    app.press("c y r s y p");
    assert_eq!(app.asked.iter().filter(|effect| matches!(effect, Effect::Control(_))).count(), 0);
    let text = app.press("?").text((120, 40));
    assert!(!text.contains("end the run; asked") && text.contains("read-only"), "{text}");
}

#[test]
fn leaving_a_run_asks_and_waits_until_it_has_ended() {
    let mut app = live(&troubled());
    app.press("q enter");
    assert_eq!(app.asked, []);
    app.press("q y");
    assert_eq!(app.asked, [Effect::Control(Control::Cancel { why: CancelReason::Requested })]);
    app.tell(News::RunEnded);
    assert!(app.asked.contains(&Effect::Quit), "{:?}", app.asked);
}

#[test]
fn ctrl_c_ends_a_run_harder_each_time_and_leaves_without_one() {
    let mut app = live(&troubled());
    app.press("ctrl-c ctrl-c ctrl-c");
    let cancel = |why| Effect::Control(Control::Cancel { why });
    assert_eq!(app.asked, [CancelReason::Requested, CancelReason::Now, CancelReason::Abandon].map(cancel));
    let mut idle = App::new(ScreenId::Run);
    idle.press("ctrl-c");
    assert_eq!(idle.asked, [Effect::Quit]);
}

#[test]
fn rooms_that_have_not_landed_say_so_in_one_line() {
    let mut app = App::new(ScreenId::Run);
    let text = app.press("9").text((120, 40));
    assert!(text.contains("apps: the sample apps: build, deploy, promote, roll back; this part of labctl has not landed yet"), "{text}");
}

#[test]
fn text_of_any_kind_stays_in_its_place() {
    let mut told = Told::plan(&["component/wide: ", "component/שלום עולם: "]);
    told.start(1, "component/wide");
    for line in [
        "世界世界世界 ".repeat(40),
        "\x1b[2J\x1b[31mred\x07".to_owned(),
        "evil\u{202e}gpj.exe".to_owned(),
        "a\u{301}\u{200d}🖼\u{fe0f} e".to_owned(),
        "\u{fffd}\u{fffd}".to_owned(),
    ] {
        told.line(2, "component/wide", &line);
    }
    let mut app = live(&told);
    let text = app.press("l").text((80, 24));
    assert!(!text.chars().any(|letter| letter.is_control() && letter != '\n' || letter == '\u{202e}'), "{text}");
    for row in text.lines() {
        assert!(unicode_width::UnicodeWidthStr::width(row) <= 80, "{row}");
    }
    insta::assert_snapshot!("odd_text", text);
}

#[test]
fn a_flood_of_lines_is_kept_to_its_newest() {
    let mut view = RunView::default();
    let mut told = Told::plan(&["noisy:"]);
    told.start(1, "noisy");
    let count = 60_000;
    for number in 0..count {
        told.line(2, "noisy", &number.to_string());
    }
    told.events.into_iter().for_each(|event| view.apply(&Arc::new(event)));
    let noisy = StepId::from("noisy");
    let lines: Vec<String> = view.lines(Some(&noisy)).map(|(.., line)| line.to_owned()).collect();
    assert_eq!((lines.len(), lines.last().unwrap().as_str()), (2000, "59999"));
    assert_eq!(view.lines(None).count(), 5000);
}

#[test]
fn a_forged_stream_fills_no_memory_with_steps_it_does_not_have() {
    let mut view = RunView::default();
    let mut told = Told::plan(&["one:"]);
    for number in 0..100 {
        told.says(1, &format!("other/{number}"), StepEvent::Output { stream: Stream::Out, line: "x".into() });
    }
    told.events.into_iter().for_each(|event| view.apply(&Arc::new(event)));
    assert_eq!(view.lines(None).count(), 0);
}

#[test]
fn the_forecast_of_a_finished_run_has_the_path_that_its_summary_has() {
    let events = recorded();
    let state = RunState::fold(events.iter().map(AsRef::as_ref));
    let forecast = state.forecast(events.last().unwrap().at);
    assert_eq!(forecast.critical, state.critical_path());
    assert_eq!(forecast.end, state.summary.unwrap().duration_ms);
}

#[test]
fn the_forecast_of_a_live_run_goes_on_where_the_present_ends() {
    let state = RunState::fold(&troubled().events);
    let forecast = state.forecast(at(26_000));
    let path: Vec<&str> = forecast.critical.iter().map(|step| step.0.as_str()).collect();
    assert_eq!(path, ["cluster", "images", "component/istio", "component/app-python"]);
    // images runs until 28 s, then two steps of ten seconds each
    assert_eq!(forecast.end, 48_001);
    assert_eq!(forecast.end - 26_000, state.remaining_ms(at(26_000)));
    let pipeline = state.steps.iter().position(|step| step.standing == Standing::Skipped).unwrap();
    assert_eq!(forecast.spans[pipeline], None, "what was left out takes no time");
}

#[test]
fn a_run_of_another_process_is_left_without_a_question_and_steered_like_ones_own() {
    let mut app = App::new(ScreenId::Run);
    app.tell(News::Attached).events(troubled().events).wait(26_000);
    assert!(app.text((200, 60)).contains(" d detach "), "{}", app.text((200, 60)));
    app.press("r c y");
    assert!(
        matches!(app.asked.as_slice(), [Effect::Control(Control::Retry { .. }), Effect::Control(Control::Cancel { .. })]),
        "{:?}",
        app.asked
    );
    for key in ["d", "q", "ctrl-c"] {
        app.asked.clear();
        app.press(key);
        assert_eq!(app.asked, [Effect::Quit], "{key}");
    }
    let mut ours = live(&troubled());
    assert!(!ours.text((200, 60)).contains(" d detach "));
    ours.press("d");
    assert_eq!(ours.asked, []);
}
