//! Just enough of Rust's grammar to find paths: comments, strings, characters and test modules are taken out, `use` trees are spread.

/// A path such as `crate::engine::step::Cx` or `kube::Client`, and the line it stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub line: usize,
    pub parts: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    /// `::`
    Path,
    Other(char),
}

/// The source with comments, strings, characters and `#[cfg(test)]` modules blanked; line numbers stay.
pub fn code_only(source: &str) -> String {
    without_tests(&without_text(source))
}

fn without_text(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    let blank = |out: &mut String, range: &[char]| out.extend(range.iter().map(|&c| if c == '\n' { '\n' } else { ' ' }));
    while at < chars.len() {
        let end = if chars[at..].starts_with(&['/', '/']) {
            line_end(&chars, at)
        } else if chars[at..].starts_with(&['/', '*']) {
            block_comment_end(&chars, at)
        } else if let Some(end) = raw_string_end(&chars, at) {
            end
        } else if chars[at] == '"' {
            quoted_end(&chars, at, '"')
        } else if chars[at] == '\'' && is_char_literal(&chars, at) {
            quoted_end(&chars, at, '\'')
        } else {
            out.push(chars[at]);
            at += 1;
            continue;
        };
        blank(&mut out, &chars[at..end]);
        at = end;
    }
    out
}

fn line_end(chars: &[char], at: usize) -> usize {
    chars[at..].iter().position(|&c| c == '\n').map_or(chars.len(), |length| at + length)
}

fn block_comment_end(chars: &[char], mut at: usize) -> usize {
    let mut depth = 0;
    while at < chars.len() {
        if chars[at..].starts_with(&['/', '*']) {
            depth += 1;
            at += 2;
        } else if chars[at..].starts_with(&['*', '/']) {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    chars.len()
}

/// `r"…"`, `r#"…"#`, `br"…"`: where it ends, if one starts here.
fn raw_string_end(chars: &[char], at: usize) -> Option<usize> {
    if at > 0 && is_word(chars[at - 1]) {
        return None;
    }
    let mut start = at;
    if matches!(chars[start], 'b' | 'c') {
        start += 1;
    }
    if chars.get(start) != Some(&'r') {
        return None;
    }
    let hashes = chars[start + 1..].iter().take_while(|&&c| c == '#').count();
    let open = start + 1 + hashes;
    if chars.get(open) != Some(&'"') {
        return None;
    }
    let mut close = vec!['"'];
    close.extend(std::iter::repeat_n('#', hashes));
    let length = chars[open + 1..].windows(close.len()).position(|window| window == close)?;
    Some(open + 1 + length + close.len())
}

fn quoted_end(chars: &[char], at: usize, quote: char) -> usize {
    let mut end = at + 1;
    while end < chars.len() && chars[end] != quote {
        end += if chars[end] == '\\' { 2 } else { 1 };
    }
    (end + 1).min(chars.len())
}

/// `'a'` and `'\n'` are characters, `'a` is a lifetime.
fn is_char_literal(chars: &[char], at: usize) -> bool {
    chars.get(at + 1) == Some(&'\\') || chars.get(at + 2) == Some(&'\'')
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Test modules may use what they like.
fn without_tests(code: &str) -> String {
    let mut out = code.to_owned();
    let mut from = 0;
    while let Some(start) = out[from..].find("#[cfg(test)]").map(|found| found + from) {
        let body = out[start..].find(['{', ';']).map_or(out.len(), |found| found + start);
        let end = if out[body..].starts_with('{') { closing(&out, body) } else { (body + 1).min(out.len()) };
        let blank: String = out[start..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        from = start + blank.len();
        out.replace_range(start..end, &blank);
    }
    out
}

fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0;
    for (at, c) in code[open..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return open + at + 1;
        }
    }
    code.len()
}

fn tokens(code: &str) -> Vec<(usize, Token)> {
    let mut found = Vec::new();
    for (index, line) in code.lines().enumerate() {
        let chars: Vec<char> = line.chars().collect();
        let mut at = 0;
        while at < chars.len() {
            let length = chars[at..].iter().take_while(|&&c| is_word(c)).count();
            let (token, width) = if length > 0 {
                (Token::Word(chars[at..at + length].iter().collect()), length)
            } else if chars[at..].starts_with(&[':', ':']) {
                (Token::Path, 2)
            } else {
                (Token::Other(chars[at]), 1)
            };
            if !matches!(&token, Token::Other(c) if c.is_whitespace()) {
                found.push((index + 1, token));
            }
            at += width;
        }
    }
    found
}

/// Every path of two parts or more, and every `use` of one.
pub fn paths(code: &str) -> Vec<Found> {
    let tokens = tokens(code);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at].1 {
            Token::Word(word) if word == "use" => at = use_tree(&tokens, at + 1, &[], &mut found),
            Token::Word(_) => {
                // `foo::<T>::bar` and `Self::x` end a path early, which is fine: the first parts decide
                let (parts, next) = plain_path(&tokens, at);
                if parts.len() > 1 {
                    found.push(Found { line: tokens[at].0, parts });
                }
                at = next;
            }
            _ => at += 1,
        }
    }
    found
}

fn plain_path(tokens: &[(usize, Token)], mut at: usize) -> (Vec<String>, usize) {
    let mut parts = Vec::new();
    while let Some((_, Token::Word(word))) = tokens.get(at) {
        parts.push(word.clone());
        at += 1;
        match (tokens.get(at), tokens.get(at + 1)) {
            (Some((_, Token::Path)), Some((_, Token::Word(_)))) => at += 1,
            _ => break,
        }
    }
    (parts, at)
}

/// Reads one tree after `use` (or within braces); returns the index of what follows.
fn use_tree(tokens: &[(usize, Token)], mut at: usize, before: &[String], found: &mut Vec<Found>) -> usize {
    let line = tokens.get(at).map_or(0, |(line, _)| *line);
    let mut parts = before.to_vec();
    loop {
        match tokens.get(at).map(|(_, token)| token) {
            Some(Token::Word(word)) if word == "as" => at += 2,
            Some(Token::Word(word)) => {
                if word != "self" || parts.is_empty() {
                    parts.push(word.clone());
                }
                at += 1;
            }
            Some(Token::Path | Token::Other('*')) => at += 1,
            Some(Token::Other('{')) => {
                at += 1;
                while !matches!(tokens.get(at), Some((_, Token::Other('}'))) | None) {
                    at = use_tree(tokens, at, &parts, found);
                    if matches!(tokens.get(at), Some((_, Token::Other(',')))) {
                        at += 1;
                    }
                }
                return at + 1;
            }
            // `,`, `}`, `;`, or the end
            other => {
                if parts.len() > before.len() || !before.is_empty() {
                    found.push(Found { line, parts });
                }
                return if matches!(other, Some(Token::Other(';'))) { at + 1 } else { at };
            }
        }
    }
}

/// Names of modules that the file itself declares: they hide a crate of the same name.
pub fn own_modules(code: &str) -> Vec<String> {
    let tokens = tokens(code);
    let pairs = tokens.iter().zip(tokens.iter().skip(1));
    pairs
        .filter_map(|((_, first), (_, second))| match (first, second) {
            (Token::Word(word), Token::Word(name)) if word == "mod" => Some(name.clone()),
            _ => None,
        })
        .collect()
}

/// Macros of these names and the lines they are called on.
pub fn macros(code: &str, names: &[&str]) -> Vec<(usize, String)> {
    let tokens = tokens(code);
    let pairs = tokens.iter().zip(tokens.iter().skip(1));
    pairs
        .filter_map(|((line, first), (_, second))| match (first, second) {
            (Token::Word(word), Token::Other('!')) if names.contains(&word.as_str()) => Some((*line, word.clone())),
            _ => None,
        })
        .collect()
}
