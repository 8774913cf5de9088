//! The key table and the user's own keys, as the app uses them.

use super::rig::{App, troubled};
use labctl::tui::{Effect, Keymap, News, ScreenId, patch};

#[test]
fn a_user_s_keys_are_used_and_shown() {
    let mut app = App::new(ScreenId::Run);
    app.model.shared.keymap = Keymap::default();
    assert_eq!(patch(&mut app.model.shared.keymap, "run:\n  retry: ctrl-r\n"), []);
    app.tell(News::Preparing { verb: "up".into(), what: String::new() }).events(troubled().events).wait(26_000);
    let text = app.text((200, 60));
    assert!(text.contains(" ctrl-r retry ") && !text.contains(" r retry "), "{text}");
    app.press("r");
    assert_eq!(app.asked, [], "the old key does nothing");
    app.press("ctrl-r");
    assert!(matches!(app.asked.as_slice(), [Effect::Control(_)]), "{:?}", app.asked);
}

#[test]
fn the_palette_does_what_it_names() {
    let mut app = App::new(ScreenId::Run);
    app.press(":").type_text("theme").press("enter");
    assert_eq!(app.asked, [Effect::Redraw]);
    assert_eq!(app.model.shared.theme.name(), "light");
}

#[test]
fn every_key_of_the_bar_is_in_help() {
    let mut app = App::replaying(None);
    let bar = app.text((200, 60)).lines().last().unwrap().to_owned();
    let help = app.press("?").text((200, 60));
    for word in bar.split("  ").filter(|word| !word.trim().is_empty()) {
        let key = word.split_whitespace().next().unwrap();
        let named = match key {
            "↑" => "up",
            "↓" => "down",
            "←" => "left",
            "→" => "right",
            key => key,
        };
        assert!(help.contains(&format!("{named} ")), "`{named}` of the bar is not in help:\n{help}");
    }
}
