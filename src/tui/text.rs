//! Text as a terminal can show it: what could move the cursor, turn the writing direction or take no column is replaced, and width is counted in
//! columns rather than in letters.

use std::borrow::Cow;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What stands for a character that cannot be shown.
const REPLACEMENT: char = '\u{fffd}';

/// The text in one line, without anything that acts on the terminal instead of being shown.
///
/// Control characters are replaced (a tab by spaces), so are the marks that turn the writing direction, which could make a line read as another
/// one. Joiners and variation selectors go: terminals disagree on the width of what they make.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (b' '..0x7f).contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\t' => shown.push_str("    "),
            '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' => {}
            '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => shown.push(REPLACEMENT),
            letter if letter.is_control() => shown.push(REPLACEMENT),
            letter => shown.push(letter),
        }
    }
    Cow::Owned(shown)
}

/// Columns that the text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text cut to `columns`, with `…` where something was cut.
pub fn clip(text: &str, columns: usize) -> Cow<'_, str> {
    let text = clean(text);
    if text.width() <= columns {
        return text;
    }
    let mut cut = String::new();
    let mut used = 0;
    for letter in text.chars() {
        let wide = letter.width().unwrap_or(0);
        if used + wide + 1 > columns {
            break;
        }
        used += wide;
        cut.push(letter);
    }
    if columns > 0 {
        cut.push('…');
    }
    Cow::Owned(cut)
}

/// The text in exactly `columns`, filled up at its end.
pub fn fit(text: &str, columns: usize) -> String {
    let mut text = clip(text, columns).into_owned();
    let room = columns.saturating_sub(text.width());
    text.extend(std::iter::repeat_n(' ', room));
    text
}

/// The text in exactly `columns`, filled up before its start.
pub fn right(text: &str, columns: usize) -> String {
    let text = clip(text, columns);
    let mut padded = " ".repeat(columns.saturating_sub(text.width()));
    padded.push_str(&text);
    padded
}

/// The text in lines of at most `columns`, broken at blanks where there are any.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let text = clean(text);
    let columns = columns.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        let wide = word.width();
        if used > 0 && used + 1 + wide <= columns {
            line.push(' ');
            line.push_str(word);
            used += 1 + wide;
            continue;
        }
        if used > 0 {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        for letter in word.chars() {
            let wide = letter.width().unwrap_or(0);
            if used + wide > columns && used > 0 {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(letter);
            used += wide;
        }
    }
    if used > 0 || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// `341 MiB`, `12.4 MiB`, `7 B`.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    if unit == 0 || value >= 99.95 { format!("{value:.0} {name}") } else { format!("{value:.1} {name}") }
}

/// `━━━━●────` in so many columns: where a part is in a whole.
pub fn bar_line(part: u64, whole: u64, columns: usize) -> String {
    let last = columns.saturating_sub(1);
    let at = if whole == 0 { 0 } else { usize::try_from(u128::from(part.min(whole)) * last as u128 / u128::from(whole)).unwrap_or(last) };
    let glyph = |column: usize| match column.cmp(&at) {
        std::cmp::Ordering::Less => '━',
        std::cmp::Ordering::Equal => '●',
        std::cmp::Ordering::Greater => '─',
    };
    (0..columns).map(glyph).collect()
}

#[cfg(test)]
mod tests {
    use super::{bytes, clean, clip, fit, right, width, wrap};

    #[test]
    fn nothing_that_acts_on_a_terminal_gets_through() {
        assert_eq!(clean("a\x1b[2Jb\r\n\tc"), "a\u{fffd}[2Jb\u{fffd}\u{fffd}    c");
        assert_eq!(clean("evil\u{202e}txt.exe"), "evil\u{fffd}txt.exe");
        assert_eq!(clean("🖼\u{fe0f} x\u{200d}y"), "🖼 xy");
        assert_eq!(clean("שלום, 世界"), "שלום, 世界");
    }

    #[test]
    fn widths_are_columns() {
        assert_eq!(clip("世界世界", 5), "世界…");
        assert_eq!(width(&fit("世", 4)), 4);
        assert_eq!(right("12", 4), "  12");
        assert_eq!(clip("abc", 0), "");
        assert_eq!(clip("abc", 1), "…");
    }

    #[test]
    fn lines_break_at_blanks_and_long_words_anywhere() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("", 3), [""]);
    }

    #[test]
    fn sizes_have_three_digits() {
        assert_eq!(
            [0, 999, 1024, 12_900_000, 357_564_416, 12_240_656_794].map(bytes),
            ["0 B", "999 B", "1.0 KiB", "12.3 MiB", "341 MiB", "11.4 GiB"]
        );
    }
}
