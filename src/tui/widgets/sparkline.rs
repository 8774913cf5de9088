//! A line of small bars for what a value was.

/// The newest values that fit into so many columns, each as high as its part of the highest of them; the newest is the last column.
pub fn sparkline(values: &[u64], columns: usize) -> String {
    const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let shown = values.get(values.len().saturating_sub(columns)..).unwrap_or_default();
    let most = shown.iter().copied().max().unwrap_or(0);
    let height = |value: u64| usize::try_from(u128::from(value) * 7 / u128::from(most.max(1))).unwrap_or(7);
    shown.iter().map(|value| HEIGHTS.get(height(*value)).copied().unwrap_or('█')).collect()
}

#[cfg(test)]
mod tests {
    use super::sparkline;

    #[test]
    fn the_newest_values_stand_against_the_highest_of_them() {
        assert_eq!(sparkline(&[0, 50, 100], 10), "▁▄█");
        assert_eq!(sparkline(&[900, 0, 50, 100], 3), "▁▄█");
        assert_eq!(sparkline(&[0, 0], 5), "▁▁");
        assert_eq!(sparkline(&[u64::MAX], 5), "█");
        assert_eq!(sparkline(&[], 5), "");
        assert_eq!(sparkline(&[1, 2], 0), "");
    }
}
