//! Where one document ends and the next begins: kubectl looks at lines, not at YAML.

use super::error::{Problem, YamlError};

/// The text of one document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'a> {
    pub text: &'a str,
    /// Counted from 1.
    pub number: usize,
    /// The line of the file it starts on, counted from 1.
    pub first_line: usize,
}

/// Cuts `text` at each line that starts with `---`, whatever YAML would make of that line. Such a line counts to the document behind it only
/// where nothing stands before it.
pub fn pieces(text: &str, number: usize, first_line: usize) -> Result<Vec<Piece<'_>>, YamlError> {
    let mut found = Vec::new();
    let (mut start, mut at, mut begins, mut line) = (0, 0, first_line, first_line);
    for whole in text.split_inclusive('\n') {
        if let Some(rest) = whole.strip_prefix("---") {
            let rest = rest.trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                let rest = rest.chars().take(40).collect();
                return Err(YamlError {
                    document: number + found.len() + usize::from(at > start),
                    line,
                    problem: Problem::Separator { rest },
                });
            }
            if at > start {
                found.push(Piece { text: &text[start..at], number: number + found.len(), first_line: begins });
                start = at + whole.len();
                begins = line + 1;
            }
        }
        at += whole.len();
        line += 1;
    }
    if at > start {
        found.push(Piece { text: &text[start..at], number: number + found.len(), first_line: begins });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, usize)]) {
        let found = pieces(text, 1, 1).unwrap();
        assert_eq!(found.iter().map(|piece| (piece.text, piece.first_line)).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_line_of_dashes_ends_a_document() {
        check("a: 1\n---\nb: 2\n", &[("a: 1\n", 1), ("b: 2\n", 3)]);
        check("---\na: 1\n--- # next\nb: 2", &[("---\na: 1\n", 1), ("b: 2", 4)]);
        check("---\n---\na: 1\n", &[("---\n", 1), ("a: 1\n", 3)]);
        check("", &[]);
        // even within a block of text, where YAML sees no end
        check("a: |\n  x\n---\ny\n", &[("a: |\n  x\n", 1), ("y\n", 4)]);
    }

    #[test]
    fn anything_else_on_that_line_is_refused_as_kubectl_does() {
        let error = pieces("a: 1\n--- {b: 2}\n", 1, 1).unwrap_err();
        assert_eq!((error.document, error.line), (2, 2));
        assert!(pieces("----\n", 1, 1).is_err());
    }
}
