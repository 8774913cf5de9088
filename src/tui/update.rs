//! What each message does to the model: pure, so that any row of messages can be tested. What has to be done in the world comes out as effects.

use super::drill::{breaks, halt};
use super::key::Key;
use super::keymap::{Action, Row};
use super::message::{Effect, Msg, News, Question, Trouble};
use super::model::{AtWork, FLASH_MS, Flash, Model, Overlay};
use super::run::RunView;
use super::screens::{Palette, ScreenId, entry};
use crate::model::look::{Query, Snapshot};
use crate::model::run::{CancelReason, Control, Event, EventKind};
use crossterm::event::KeyCode;
use std::sync::Arc;

/// Takes in one message. What is left in the list is for `app` and for the terminal; what concerns only the model is done already.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let asked = match msg {
        Msg::Opened => vec![Effect::Go(model.front())],
        Msg::Key(key) => press(model, key),
        Msg::Paste(text) => paste(model, &text),
        Msg::Resize(columns, rows) => {
            model.shared.size = (columns, rows);
            Vec::new()
        }
        Msg::Events(events) => {
            for event in &events {
                take_event(model, event);
            }
            Vec::new()
        }
        Msg::News(news) => hear(model, &news),
        Msg::Tick(now) => {
            model.shared.now = now;
            if model.flash.as_ref().is_some_and(|flash| !flash.bad && now.millis_since(flash.since) >= FLASH_MS) {
                model.flash = None;
            }
            let Model { screens, shared, .. } = model;
            screens.iter_mut().flat_map(|(_, screen)| screen.tick(shared)).collect()
        }
    };
    let mut rest = settle(model, asked);
    rest.extend(look(model));
    rest
}

/// Asks for what the screen in front wants to be told of the lab, when that has changed.
fn look(model: &mut Model) -> Option<Effect> {
    let wants = model.screen(model.front()).map(|screen| screen.wants(&model.shared)).unwrap_or_default();
    if wants == model.looking {
        return None;
    }
    for query in &wants {
        match query {
            Query::Log(of) => model.shared.looks.follow(of.clone()),
            Query::Causes(object) => model.shared.looks.explain(object.clone()),
            _ => {}
        }
    }
    model.looking.clone_from(&wants);
    Some(Effect::Look(wants))
}

/// Does what concerns only the model, as long as there is some.
fn settle(model: &mut Model, asked: Vec<Effect>) -> Vec<Effect> {
    let mut rest = Vec::new();
    let mut queue = std::collections::VecDeque::from(asked);
    while let Some(effect) = queue.pop_front() {
        match effect {
            Effect::Go(screen) => queue.extend(go(model, screen)),
            Effect::Back => {
                if model.path.len() > 1 {
                    leave(model);
                    model.path.pop();
                }
            }
            Effect::Filter(text) => set_filter(model, false, text),
            Effect::Ask(question) => model.overlay = Some(Overlay::Ask(question, false)),
            Effect::Say(text) => model.flash = Some(Flash { text, bad: false, since: model.shared.now }),
            Effect::Quit if model.shared.at_work == AtWork::Ours => {
                model.leaving = true;
                rest.push(Effect::Control(Control::Cancel { why: CancelReason::Requested }));
            }
            other => rest.push(other),
        }
    }
    rest
}

fn go(model: &mut Model, id: ScreenId) -> Vec<Effect> {
    if model.screen(id).is_none() {
        let text = format!("{}: {}; this part of labctl has not landed yet", entry(id).name, entry(id).what);
        return vec![Effect::Say(text)];
    }
    if model.front() != id {
        leave(model);
    }
    model.path.retain(|known| *known != id);
    model.path.push(id);
    let Model { screens, shared, .. } = model;
    screens.iter_mut().find(|(known, _)| *known == id).map(|(_, screen)| screen.enter(shared)).unwrap_or_default()
}

fn leave(model: &mut Model) {
    let front = model.front();
    if let Some((_, screen)) = model.screens.iter_mut().find(|(known, _)| *known == front) {
        screen.leave();
    }
}

fn take_event(model: &mut Model, event: &Arc<Event>) {
    if matches!(event.event, EventKind::RunStarted { .. }) {
        model.shared.run = Some(RunView::default());
        model.interrupts = 0;
    }
    if let EventKind::Note { text } = &event.event {
        model.flash = Some(Flash { text: text.clone(), bad: false, since: model.shared.now });
    }
    model.shared.run.get_or_insert_default().apply(event);
}

fn hear(model: &mut Model, news: &News) -> Vec<Effect> {
    let mut asked = Vec::new();
    match news {
        News::Preparing { .. } => {
            // said again and again while it is made ready; the person may have gone elsewhere meanwhile; a game day has a screen of its own
            if model.shared.at_work == AtWork::Nothing && model.front() != ScreenId::GameDay {
                asked.push(Effect::Go(ScreenId::Run));
            }
            model.shared.at_work = AtWork::Ours;
            model.shared.run = None;
        }
        News::Attached => {
            model.shared.at_work = AtWork::Theirs;
            model.shared.run = None;
            asked.push(Effect::Go(ScreenId::Run));
        }
        News::Noticed => {
            model.shared.at_work = AtWork::Theirs;
            model.shared.run = None;
        }
        News::Refused(_) | News::RunEnded | News::Done(_) => {
            model.shared.at_work = AtWork::Nothing;
            model.interrupts = 0;
            // the Run screen says it at length; who is elsewhere must hear of it too
            if let (News::Refused(trouble), ScreenId::GameDay) = (news, model.front()) {
                model.flash = Some(Flash { text: in_one_line(trouble), bad: true, since: model.shared.now });
            }
            if model.leaving {
                asked.push(Effect::Quit);
            }
        }
        News::Recording { .. } => asked.push(Effect::Go(ScreenId::Replay)),
        News::Said(text) => asked.push(Effect::Say(text.clone())),
        News::Failed(trouble) => model.flash = Some(Flash { text: in_one_line(trouble), bad: true, since: model.shared.now }),
        News::Host(text) => text.clone_into(&mut model.shared.host),
        News::Seen(snapshot) => model.shared.looks.take(Snapshot::clone(snapshot)),
        News::AtWork(run) if !model.touched => asked.push(Effect::Attach(run.clone())),
        News::LabIsThere if !model.touched => asked.push(Effect::Go(ScreenId::Lab)),
        News::Ask(question) => asked.push(Effect::Ask(question.clone())),
        // for the screens; and where to begin, when a person has begun already
        News::Planned(_) => model.flash = None,
        News::Stacks(_)
        | News::Findings(_)
        | News::Judged { .. }
        | News::Drills(_)
        | News::Runbooks(_)
        | News::Gamedays(_)
        | News::DrillPlanned { .. }
        | News::History(_)
        | News::Compared(..)
        | News::Credentials(_)
        | News::AtWork(_)
        | News::LabIsThere => {}
        News::Leave => asked.push(Effect::Quit),
    }
    let Model { screens, shared, .. } = model;
    asked.extend(screens.iter_mut().flat_map(|(_, screen)| screen.hear(news, shared)));
    asked
}

fn in_one_line(trouble: &Trouble) -> String {
    let fix = if trouble.fix.is_empty() { String::new() } else { format!(" – {}", trouble.fix) };
    format!("{} [{}]{fix}", trouble.what, trouble.id)
}

fn press(model: &mut Model, key: Key) -> Vec<Effect> {
    model.touched = true;
    if model.flash.as_ref().is_some_and(|flash| flash.bad) {
        model.flash = None;
    }
    if key == (Key { code: KeyCode::Char('c'), ctrl: true }) {
        // whatever lies over the screen: this is the key that always works
        return interrupt(model);
    }
    if model.is_too_small() {
        // what cannot be seen is not touched
        let leaves = grammar(model, key) == Some(Action::Quit) && model.shared.at_work != AtWork::Ours;
        return if leaves { vec![Effect::Quit] } else { Vec::new() };
    }
    match model.overlay.take() {
        None => press_screen(model, key),
        Some(Overlay::Help(scroll)) => press_help(model, key, scroll),
        Some(Overlay::Palette(palette)) => press_palette(model, key, palette),
        Some(Overlay::Ask(question, yes)) => press_question(model, key, question, yes),
        Some(Overlay::Filter) => press_filter(model, key),
        Some(Overlay::Note(text)) => press_note(model, key, text),
    }
}

/// What a key does on the screen in front: the first row of the table that has it and works now.
fn press_screen(model: &mut Model, key: Key) -> Vec<Effect> {
    let front = model.front();
    let found = model.shared.keymap.find(front, key).map(|row| row.binding.action).collect::<Vec<_>>();
    let action = found.into_iter().find(|action| works(model, *action));
    action.map(|action| run(model, action)).unwrap_or_default()
}

/// Whether an action does anything here and now.
pub fn works(model: &Model, action: Action) -> bool {
    match action {
        Action::Palette
        | Action::Theme
        | Action::Redraw
        | Action::Suspend
        | Action::Interrupt
        | Action::Help
        | Action::Quit
        | Action::Go(_) => true,
        Action::Halt => drilling(model).is_some(),
        Action::Note => model.shared.at_work != AtWork::Nothing && model.shared.run.as_ref().is_some_and(|view| view.state.is_unfinished()),
        Action::Back => {
            let kept = !model.typed().is_empty() || !model.filter_of(model.front()).is_empty();
            model.path.len() > 1 || kept || can(model, Action::Back)
        }
        other => can(model, other),
    }
}

/// The drill at work that has not been told to end.
fn drilling(model: &Model) -> Option<&RunView> {
    let view = model.shared.run.as_ref().filter(|_| model.shared.at_work != AtWork::Nothing)?;
    (breaks(&view.state) && view.state.summary.is_none() && view.state.cancelling.is_none()).then_some(view)
}

fn can(model: &Model, action: Action) -> bool {
    model.screen(model.front()).is_some_and(|screen| screen.can(action, &model.shared))
}

/// The rows of the table that work on the screen in front, now.
pub fn rows_now(model: &Model) -> impl Iterator<Item = &Row> {
    let allowed = |row: &&Row| !(row.binding.danger && model.shared.read_only);
    model.shared.keymap.rows(model.front()).filter(allowed).filter(|row| works(model, row.binding.action))
}

/// Does what an action asks for on the screen in front.
fn run(model: &mut Model, action: Action) -> Vec<Effect> {
    let front = model.front();
    let dangerous = model.shared.keymap.rows(front).any(|row| row.binding.action == action && row.binding.danger);
    if dangerous && model.shared.read_only {
        return Vec::new();
    }
    match action {
        Action::Palette => model.overlay = Some(Overlay::Palette(Palette::default())),
        Action::Help => model.overlay = Some(Overlay::Help(0)),
        Action::Filter => model.overlay = Some(Overlay::Filter),
        Action::Note => model.overlay = Some(Overlay::Note(String::new())),
        Action::Theme => {
            model.shared.theme = model.shared.theme.next();
            return vec![Effect::Say(format!("colours: {}", model.shared.theme.name())), Effect::Redraw];
        }
        Action::Redraw => return vec![Effect::Redraw],
        Action::Suspend => return vec![Effect::Suspend],
        Action::Interrupt => return interrupt(model),
        Action::Halt => return drilling(model).map(|view| Effect::Ask(Box::new(halt(view)))).into_iter().collect(),
        Action::Quit => return quit(model),
        Action::Go(screen) => return vec![Effect::Go(screen)],
        Action::Back if !model.typed().is_empty() => type_in(model, String::new()),
        Action::Back if !can(model, Action::Back) && !model.filter_of(front).is_empty() => set_filter(model, false, String::new()),
        Action::Back if !can(model, Action::Back) => return vec![Effect::Back],
        other => {
            let Model { screens, shared, .. } = model;
            return screens.iter_mut().find(|(known, _)| *known == front).map(|(_, screen)| screen.act(other, shared)).unwrap_or_default();
        }
    }
    Vec::new()
}

fn quit(model: &Model) -> Vec<Effect> {
    if model.shared.at_work != AtWork::Ours {
        return vec![Effect::Quit];
    }
    let question = Question {
        what: "A run is at work. Leaving ends it.".to_owned(),
        more: vec!["What is at work may finish, nothing new is begun, and the same command goes on from there.".to_owned()],
        yes: "end the run and leave".to_owned(),
        then: vec![Effect::Quit],
    };
    vec![Effect::Ask(Box::new(question))]
}

/// As the signal would: the first asks, the second urges, the third leaves.
fn interrupt(model: &mut Model) -> Vec<Effect> {
    if model.shared.at_work != AtWork::Ours {
        return vec![Effect::Quit];
    }
    model.interrupts = model.interrupts.saturating_add(1);
    let (why, text) = match model.interrupts {
        1 => (CancelReason::Requested, "ending: steps at work may finish; Ctrl-C again stops them"),
        2 => (CancelReason::Now, "stopping what is at work; Ctrl-C again leaves at once"),
        _ => (CancelReason::Abandon, "leaving at once"),
    };
    model.leaving |= why == CancelReason::Abandon;
    vec![Effect::Control(Control::Cancel { why }), Effect::Say(text.to_owned())]
}

fn press_help(model: &mut Model, key: Key, scroll: usize) -> Vec<Effect> {
    let page = usize::from(model.shared.size.1).saturating_sub(6).max(1);
    let scroll = match grammar(model, key) {
        Some(Action::Up) => scroll.saturating_sub(1),
        Some(Action::Down) => scroll.saturating_add(1),
        Some(Action::PageUp) => scroll.saturating_sub(page),
        Some(Action::PageDown) => scroll.saturating_add(page),
        Some(Action::Top) => 0,
        _ => return Vec::new(),
    };
    let most = super::screens::Help::lines(model).len().saturating_sub(1);
    model.overlay = Some(Overlay::Help(scroll.min(most)));
    Vec::new()
}

/// What a key means by the grammar alone, whatever the screen makes of it.
fn grammar(model: &Model, key: Key) -> Option<Action> {
    model.shared.keymap.all().iter().find(|row| row.screen.is_none() && row.keys.contains(&key)).map(|row| row.binding.action)
}

fn press_palette(model: &mut Model, key: Key, mut palette: Palette) -> Vec<Effect> {
    match key.code {
        KeyCode::Esc => return Vec::new(),
        KeyCode::Enter => {
            let chosen = palette.rows(model).get(palette.at).map(|row| row.action);
            return chosen.map(|action| run(model, action)).unwrap_or_default();
        }
        KeyCode::Backspace => drop(palette.typed.pop()),
        KeyCode::Up => palette.at = palette.at.saturating_sub(1),
        KeyCode::Down | KeyCode::Tab => palette.at = palette.at.saturating_add(1),
        KeyCode::Char('u') if key.ctrl => palette.typed.clear(),
        KeyCode::Char(letter) if !key.ctrl => {
            palette.typed.push(letter);
            palette.at = 0;
        }
        _ => {}
    }
    palette.at = palette.at.min(palette.rows(model).len().saturating_sub(1));
    model.overlay = Some(Overlay::Palette(palette));
    Vec::new()
}

fn press_question(model: &mut Model, key: Key, question: Box<Question>, yes: bool) -> Vec<Effect> {
    match key.code {
        KeyCode::Char('y' | 'Y') => return question.then,
        KeyCode::Enter if yes => return question.then,
        KeyCode::Enter | KeyCode::Esc | KeyCode::Char('n' | 'N' | 'q') => return Vec::new(),
        KeyCode::Left | KeyCode::Right | KeyCode::Tab | KeyCode::BackTab | KeyCode::Char('h' | 'l') => {
            model.overlay = Some(Overlay::Ask(question, !yes));
        }
        _ => model.overlay = Some(Overlay::Ask(question, yes)),
    }
    Vec::new()
}

/// A note goes to the run at work, which stamps it.
fn press_note(model: &mut Model, key: Key, mut text: String) -> Vec<Effect> {
    match key.code {
        KeyCode::Esc => return Vec::new(),
        KeyCode::Enter if text.trim().is_empty() => return Vec::new(),
        KeyCode::Enter => return vec![Effect::Control(Control::Note { text: text.trim().to_owned() })],
        KeyCode::Backspace => drop(text.pop()),
        KeyCode::Char('u') if key.ctrl => text.clear(),
        KeyCode::Char(letter) if !key.ctrl => text.push(letter),
        _ => {}
    }
    model.overlay = Some(Overlay::Note(text));
    Vec::new()
}

fn press_filter(model: &mut Model, key: Key) -> Vec<Effect> {
    let mut text = model.typed().to_owned();
    match key.code {
        KeyCode::Enter | KeyCode::Up | KeyCode::Down => return Vec::new(),
        KeyCode::Esc => {
            type_in(model, String::new());
            return Vec::new();
        }
        KeyCode::Backspace => drop(text.pop()),
        KeyCode::Char('u') if key.ctrl => text.clear(),
        KeyCode::Char(letter) if !key.ctrl => text.push(letter),
        _ => {}
    }
    type_in(model, text);
    model.overlay = Some(Overlay::Filter);
    Vec::new()
}

/// Takes what was typed for `/` as the screen in front means it now.
fn type_in(model: &mut Model, text: String) {
    let (_, searching) = model.typing();
    set_filter(model, searching, text);
}

fn set_filter(model: &mut Model, searching: bool, text: String) {
    let front = model.front();
    let Model { screens, shared, .. } = model;
    if let Some((_, screen)) = screens.iter_mut().find(|(known, _)| *known == front) {
        if searching {
            screen.search(&text, shared);
        } else {
            screen.filter(&text, shared);
        }
    }
    model.filters.retain(|(known, _)| *known != (front, searching));
    if !text.is_empty() {
        model.filters.push(((front, searching), text));
    }
}

fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    let line: String = text.lines().next().unwrap_or_default().chars().filter(|letter| !letter.is_control()).collect();
    match &mut model.overlay {
        Some(Overlay::Palette(palette)) => {
            palette.typed.push_str(&line);
            palette.at = 0;
        }
        Some(Overlay::Filter) => {
            let text = format!("{}{line}", model.typed());
            type_in(model, text);
        }
        // what is pasted elsewhere is no row of keys
        _ => {}
    }
    Vec::new()
}
