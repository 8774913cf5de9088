//! What a tier of real tests needs, from the environment.

/// The value of `variable`, or `None` after saying that `tier` was not run. Fails when `LABCTL_REQUIRE_TIERS` (names with commas) demands it.
#[expect(clippy::print_stdout, reason = "what did not run is said where the test runner shows it")]
pub fn needs(tier: &str, variable: &str, bring: &str) -> Option<String> {
    if let Ok(value) = std::env::var(variable) {
        return Some(value);
    }
    let required = std::env::var("LABCTL_REQUIRE_TIERS").unwrap_or_default();
    assert!(!required.split(',').any(|name| name.trim() == tier), "tier {tier} is required, but {variable} is not set: {bring}");
    println!("NOT RUN: tier {tier}: {variable} is not set: {bring}");
    None
}
