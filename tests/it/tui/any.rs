//! Nothing that can be told makes the app break: any size, any keys, any events in any order.

use super::rig::{App, Told, recorded, troubled};
use labctl::model::run::{CancelReason, EventKind, Summary};
use labctl::tui::{Msg, News, ScreenId};
use proptest::prelude::*;
use std::sync::Arc;

const KEYS: &str = "up down left right pgup pgdn home end enter esc tab backtab space [ ] / : ? T o y r s c p e l L t f + - 0 1 2 3 4 5 6 7 H v n y q ctrl-c ctrl-l x 世 backspace u";

#[derive(Debug, Clone)]
enum Move {
    Key(String),
    Size(u16, u16),
    Event(usize),
    Tick(u64),
    News(u8),
    Paste(String),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let keys: Vec<String> = KEYS.split_whitespace().map(str::to_owned).collect();
    let one = prop_oneof![
        6 => proptest::sample::select(keys).prop_map(Move::Key),
        1 => (0..220_u16, 0..70_u16).prop_map(|(columns, rows)| Move::Size(columns, rows)),
        4 => (0..2000_usize).prop_map(Move::Event),
        2 => (0..400_000_u64).prop_map(Move::Tick),
        1 => (0..8_u8).prop_map(Move::News),
        1 => ".{0,12}".prop_map(Move::Paste),
    ];
    proptest::collection::vec(one, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn nothing_breaks_it(moves in moves()) {
        let mut pool: Vec<_> = recorded();
        pool.extend(troubled().events.into_iter().map(Arc::new));
        pool.extend(super::drills::passed().events.into_iter().map(Arc::new));
        pool.extend(super::drills::under_load().events.into_iter().map(Arc::new));
        let mut odd = Told::plan(&["a: b", "b: a", "c:"]);
        odd.start(5, "a").cancelling(6, CancelReason::Now).line(7, "a", "\u{1b}[0m世\u{202e}").pulls(8, "a", u64::MAX, 1).pulls(9, "a", 0, 0);
        odd.event(3, EventKind::Unknown).event(1, EventKind::RunFinished { summary: Summary::default() }).event(2, EventKind::RunPaused);
        pool.extend(odd.events.into_iter().map(Arc::new));
        let mut app = App::new(ScreenId::Run);
        let mut size = (80, 24);
        for one in moves {
            match one {
                Move::Key(key) => drop(app.press(&key)),
                Move::Size(columns, rows) => size = (columns, rows),
                Move::Event(at) => drop(app.take(Msg::Events(vec![Arc::clone(&pool[at % pool.len()])]))),
                Move::Tick(millis) => drop(app.wait(millis)),
                Move::News(0) => drop(app.tell(News::RunEnded)),
                Move::News(1) => drop(app.tell(News::Recording { events: Arc::new(recorded()), speed: Some(3.0) })),
                Move::News(2) => drop(app.tell(News::Recording { events: Arc::new(Vec::new()), speed: None })),
                Move::News(3) => drop(app.tell(News::Leave)),
                Move::News(_) => drop(app.tell(News::Preparing { verb: "up".into(), what: "x".into() })),
                Move::Paste(text) => drop(app.take(Msg::Paste(text))),
            }
            app.text(size);
        }
    }
}

#[test]
fn a_terminal_that_is_too_small_says_what_it_needs() {
    let mut app = App::replaying(None);
    assert_eq!(app.text((20, 5)), "20x5 is too small:\nlabctl needs 60x14.\nq leaves.\n\n\n");
    for size in [(0, 0), (1, 1), (59, 50), (200, 13)] {
        app.text(size);
    }
    app.press("q");
    assert_eq!(app.asked, [labctl::tui::Effect::Quit]);
}
