//! docs/tui.md has the key table that the app uses.

use crate::excalidraw::keep;
use labctl::tui::{Keymap, screen_name};

#[test]
fn the_page_has_every_key() {
    keep("docs/tui.md", |page| {
        let (begin, end) = ("<!-- keys: begin -->\n", "<!-- keys: end -->");
        let (before, rest) = page.split_once(begin).expect("docs/tui.md has the mark `keys: begin`");
        let (_, after) = rest.split_once(end).expect("docs/tui.md has the mark `keys: end`");
        let mut table = String::from("| place | name | keys | what it does |\n| --- | --- | --- | --- |\n");
        for row in Keymap::default().all() {
            let place = row.screen.map_or("everywhere", screen_name);
            let keys: Vec<String> = row.keys.iter().map(|key| format!("`{key}`")).collect();
            let danger = if row.binding.danger { "; not under `--read-only`" } else { "" };
            table.push_str(&format!(
                "| {place} | {} | {} | {}{danger} |\n",
                row.binding.name,
                keys.join(" "),
                row.binding.what.replace('|', "\\|")
            ));
        }
        format!("{before}{begin}{table}{end}{after}")
    });
}
