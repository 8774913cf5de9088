//! A horizontal bar for a part of a whole.

/// `███▌░░░░` in so many columns; a part above the whole fills it.
pub fn bar(part: u64, whole: u64, columns: usize) -> String {
    const EIGHTHS: [char; 8] = ['░', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    let eighths = if whole == 0 { 0 } else { (u128::from(part.min(whole)) * columns as u128 * 8 / u128::from(whole)) as usize };
    let (full, rest) = (eighths / 8, eighths % 8);
    let mut text: String = std::iter::repeat_n('█', full).collect();
    if full < columns {
        text.push(EIGHTHS.get(rest).copied().unwrap_or('░'));
    }
    text.extend(std::iter::repeat_n('░', columns.saturating_sub(full + 1)));
    text
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn a_bar_is_as_long_as_it_is_asked_to_be() {
        assert_eq!(bar(0, 10, 4), "░░░░");
        assert_eq!(bar(5, 10, 4), "██░░");
        assert_eq!(bar(10, 10, 4), "████");
        assert_eq!(bar(99, 10, 4), "████");
        assert_eq!(bar(1, 0, 3), "░░░");
        assert_eq!(bar(1, 16, 4), "▎░░░");
        assert_eq!(bar(u64::MAX, u64::MAX, 0), "");
    }
}
