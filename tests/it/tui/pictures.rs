//! Pictures of screens for README and docs: drawn from the recorded run and a run written down by hand, as SVG. `make pictures` writes them anew.

use super::rig::{App, recording, troubled};
use crate::excalidraw::keep;
use labctl::tui::{News, ScreenId};
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use std::fmt::Write;
use std::sync::Arc;

/// Columns and rows of a picture.
const SIZE: (u16, u16) = (120, 34);
/// Of one cell, in hundredths of a pixel: whole numbers, so that every machine writes the same file.
const CELL: (u32, u32) = (840, 1700);

fn pixels(hundredths: u32) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn colour(color: Color, otherwise: &'static str) -> String {
    let named = match color {
        Color::Black => "#101216",
        Color::Red => "#c0392b",
        Color::Green => "#5bbd6a",
        Color::Yellow => "#e0b458",
        Color::Blue => "#4a7bd0",
        Color::Magenta => "#c07adf",
        Color::Cyan => "#4fb6c8",
        Color::DarkGray => "#7d8590",
        Color::LightRed => "#f0776c",
        Color::LightBlue => "#79a8ff",
        Color::White => "#f2f4f8",
        Color::Indexed(237) => "#30353d",
        Color::Reset => otherwise,
        other => panic!("the pictures have no colour for {other:?}"),
    };
    named.to_owned()
}

/// Neighbours that look the same are one piece of text.
fn look(cell: &Cell) -> (Color, Color, bool) {
    (cell.fg, cell.bg, cell.modifier.contains(Modifier::BOLD))
}

fn svg(buffer: &Buffer, what: &str) -> String {
    let (columns, rows) = (u32::from(buffer.area.width), u32::from(buffer.area.height));
    let (width, height) = (pixels(columns * CELL.0 + 2000), pixels(rows * CELL.1 + 2000));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{what}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"#16191f\"/>\n\
         <g font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"14\" xml:space=\"preserve\">\n"
    );
    for (row, cells) in buffer.content().chunks(columns as usize).enumerate() {
        let y = u32::try_from(row).unwrap() * CELL.1 + 1000;
        let mut at = 0;
        while at < cells.len() {
            let same = cells[at..].iter().take_while(|cell| look(cell) == look(&cells[at])).count();
            let (fg, bg, bold) = look(&cells[at]);
            let (x, wide) = (u32::try_from(at).unwrap() * CELL.0 + 1000, u32::try_from(same).unwrap() * CELL.0);
            if bg != Color::Reset {
                let (x, y, wide, high) = (pixels(x), pixels(y), pixels(wide), pixels(CELL.1));
                writeln!(svg, "<rect x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"{high}\" fill=\"{}\"/>", colour(bg, "#16191f")).unwrap();
            }
            let text: String = cells[at..at + same].iter().map(Cell::symbol).collect();
            if !text.trim().is_empty() {
                let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                let weight = if bold { " font-weight=\"bold\"" } else { "" };
                let (x, y, wide) = (pixels(x), pixels(y + 1300), pixels(wide));
                writeln!(
                    svg,
                    "<text x=\"{x}\" y=\"{y}\" textLength=\"{wide}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{}\"{weight}>{text}</text>",
                    colour(fg, "#d5d9e0")
                )
                .unwrap();
            }
            at += same;
        }
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

fn picture(name: &str, what: &str, app: &mut App) {
    let drawn = svg(&app.picture(SIZE), what);
    keep(&format!("docs/pictures/{name}.svg"), |_| drawn);
}

#[test]
fn the_pictures_of_the_docs_are_up_to_date() {
    let mut replay = App::replaying(Some(10.0));
    replay.press("space").press(&"right ".repeat(34));
    picture("run", "a lab coming up: each step, what it waits for, and what decides how long it takes", &mut replay);
    picture("timeline", "the same run over time, with its critical path", replay.press("t"));
    let mut trouble = App::new(ScreenId::Run);
    trouble.tell(News::Preparing { verb: "up".into(), what: String::new() }).events(troubled().events).wait(26_000);
    picture("cause", "a step that failed says why, and what to do", trouble.press("e"));
    picture("palette", "everything that can be done, by name", trouble.press(":"));
    picture("start", "stacks, parts to tick, what fits this host, and the doctor's findings", &mut super::start::shown());
    picture("lab", "every component with its checks, addresses, use of the cluster, and alerts", &mut super::looks::lab_app());
    picture("workloads", "pods under what runs them, and why the chosen one is not well", super::looks::on_crash().press("e"));
    let mut drill = App::new(ScreenId::Replay);
    drill.tell(News::Recording { events: Arc::new(recording("drill")), speed: None });
    picture("verdict", "a drill to its verdict: phases, checks over time, what was taken back", &mut drill);
    drill.press(&"left ".repeat(26));
    picture("drill", "a drill while its fault lasts", &mut drill);
    picture("drills", "the drills there are, and what the chosen one would do", &mut super::drills::planned());
    picture("history", "runs of the past", &mut super::history::shown());
}
