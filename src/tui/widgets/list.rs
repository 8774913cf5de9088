//! Which rows of a list are seen.

/// The first row that is shown so that the chosen one is in the middle where there is room on both sides.
pub fn first_shown(chosen: usize, rows: usize, height: usize) -> usize {
    chosen.saturating_sub(height / 2).min(rows.saturating_sub(height))
}

#[cfg(test)]
mod tests {
    use super::first_shown;

    #[test]
    fn the_chosen_row_is_always_shown() {
        for rows in 0..12 {
            for height in 1..8 {
                for chosen in 0..rows {
                    let first = first_shown(chosen, rows, height);
                    assert!(
                        first <= chosen && chosen < first + height && (first == 0 || first + height <= rows),
                        "{chosen} of {rows} in {height}"
                    );
                }
            }
        }
    }
}
