//! The user's own keys: a small YAML file laid over the table. A bad line is told with its number and what to write; the default then stays.

use super::key::Key;
use super::keymap::Keymap;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;

/// One thing that is wrong with the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("keys.yaml line {line}: {what}")]
pub struct KeysError {
    /// From 1; 0 where the file has no such place.
    pub line: u64,
    /// What is wrong and what to write instead.
    pub what: String,
}

type Lines = BTreeMap<String, BTreeMap<String, Spanned<String>>>;

/// Lays the file over the table: `place:` with lines `name: keys`, keys apart by blanks, none to take the key away.
pub fn patch(keymap: &mut Keymap, text: &str) -> Vec<KeysError> {
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Vec::new();
    }
    let lines: Lines = match serde_saphyr::from_str(text) {
        Ok(lines) => lines,
        Err(error) => {
            let line = error.location().map_or(0, |at| at.line());
            let what = format!(
                "the file is not as it should be, so no line of it counts; write it like `run:` and below it `  retry: R` ({})",
                first_line(&error.to_string())
            );
            return vec![KeysError { line, what }];
        }
    };
    let mut rows: Vec<(&str, &str, &Spanned<String>)> =
        lines.iter().flat_map(|(place, rows)| rows.iter().map(move |(name, keys)| (place.as_str(), name.as_str(), keys))).collect();
    // in the order of the file, so that a key can be freed above the line that takes it
    rows.sort_by_key(|(.., keys)| keys.referenced.line());
    let mut errors = Vec::new();
    for (place, name, keys) in rows {
        let read: Result<Vec<Key>, String> = keys.value.split_whitespace().map(str::parse).collect();
        if let Err(what) = read.and_then(|read| keymap.rebind(place, name, read)) {
            errors.push(KeysError { line: keys.referenced.line(), what });
        }
    }
    errors
}

fn first_line(text: &str) -> &str {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::screens::ScreenId;

    fn keys(keymap: &Keymap, name: &str) -> Vec<String> {
        let row = keymap.rows(ScreenId::Run).find(|row| row.binding.name == name).unwrap();
        row.keys.iter().map(Key::to_string).collect()
    }

    #[test]
    fn a_file_changes_what_it_names_and_nothing_else() {
        let mut keymap = Keymap::default();
        let errors = patch(&mut keymap, "# mine\nrun:\n  retry: ctrl-r f5\neverywhere:\n  quit: Q\n  up: up\n");
        assert_eq!(errors, []);
        assert_eq!(keys(&keymap, "retry"), ["ctrl-r", "f5"]);
        assert_eq!(keys(&keymap, "quit"), ["Q"]);
        assert_eq!(keys(&keymap, "up"), ["up"]);
        assert_eq!(keys(&keymap, "help"), ["?"]);
    }

    #[test]
    fn bad_lines_are_told_with_their_number_and_the_default_stays() {
        let mut keymap = Keymap::default();
        let errors = patch(&mut keymap, "run:\n  retry: alt-r\n  rettry: R\neverywhere:\n  help: q\nrunn:\n  x: y\n  quit: Q\n");
        let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert!(told[0].starts_with("keys.yaml line 2: `alt-r` is no key"), "{told:?}");
        assert!(told[1].starts_with("keys.yaml line 3: `run` has nothing called `rettry`: it has retry"), "{told:?}");
        assert!(told[2].starts_with("keys.yaml line 5: `q` is already the key of `quit`"), "{told:?}");
        assert!(told[3].starts_with("keys.yaml line 7: there is no place `runn`"), "{told:?}");
        assert_eq!(keys(&keymap, "retry"), ["r"]);
        assert_eq!(keys(&keymap, "help"), ["?"]);
    }

    #[test]
    fn keys_may_be_swapped_in_the_order_of_the_file() {
        let mut keymap = Keymap::default();
        assert_eq!(patch(&mut keymap, "everywhere:\n  quit: ctrl-q\n  help: q\n"), []);
        assert_eq!((keys(&keymap, "quit"), keys(&keymap, "help")), (vec!["ctrl-q".to_owned()], vec!["q".to_owned()]));
    }

    #[test]
    fn a_file_of_another_shape_changes_nothing() {
        for (text, line) in [("- a\n", 1), ("run: retry\n", 1), ("run:\n  retry: [a, b]\n", 2), ("run:\n  retry: a\n  retry: b\n", 3)] {
            let mut keymap = Keymap::default();
            let errors = patch(&mut keymap, text);
            assert_eq!(errors.len(), 1, "{text}");
            assert_eq!(errors[0].line, line, "{text}: {}", errors[0]);
            assert_eq!(keys(&keymap, "retry"), ["r"]);
        }
        assert_eq!(patch(&mut Keymap::default(), "\n# nothing yet\n"), []);
    }
}
